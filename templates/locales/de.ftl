language-name = Deutsch
tagline = Eine Anmeldung für alle Ihre Anwendungen.

login-title = Anmelden
login-to-client = um mit { $client } fortzufahren
login-to-account = bei Ihrem Konto
login-again = Bitte bestätigen Sie, dass Sie es sind.
login-username = Benutzername
login-password = Passwort
login-submit = Anmelden
login-failed-title = Das hat nicht geklappt
login-failed = Der Benutzername oder das Passwort stimmt nicht. Prüfen Sie beides und versuchen Sie es noch einmal.
login-expired-title = Ihr Passwort muss geändert werden
login-expired = Es ist richtig, aber abgelaufen oder vor der ersten Verwendung zu ändern. Ändern Sie es dort, wo Sie es sonst tun, zum Beispiel an Ihrem Arbeitsrechner, und melden Sie sich dann hier mit dem neuen an.
login-missing = Geben Sie Ihren Benutzernamen und Ihr Passwort ein.
login-throttled-title = Zu viele Versuche
login-throttled =
    { $seconds ->
        [one] Warten Sie eine Sekunde und versuchen Sie es dann noch einmal.
       *[other] Warten Sie { $seconds } Sekunden und versuchen Sie es dann noch einmal.
    }
login-unavailable-title = Im Moment nicht möglich
login-unavailable = Passwörter können gerade nicht geprüft werden. Mit Ihrem Konto ist alles in Ordnung. Versuchen Sie es gleich noch einmal.

consent-title = { $client } erlauben?
consent-intro = { $client } möchte Ihr Konto { $name } verwenden. Die Anwendung kann dann:
scope-openid = Wissen, wer Sie sind
scope-profile = Ihren Namen und Ihren Benutzernamen sehen
scope-email = Ihre E-Mail-Adresse sehen
scope-groups = Sehen, zu welchen Gruppen Sie gehören
scope-offline-access = Diesen Zugriff behalten, während Sie abwesend sind
scope-other = Diese Berechtigung nutzen:
consent-destination = Danach geht es weiter zu { $host }.
consent-allow = Erlauben
consent-deny = Nicht erlauben

continue-title = Fast geschafft
continue-text = Sie werden zu { $client } zurückgeleitet. Wenn nichts geschieht, drücken Sie die Schaltfläche.
continue-submit = Weiter

logout-title = Abmelden?
logout-as = Sie sind als { $name } angemeldet.
logout-text = Für Ihre Anwendungen müssen Sie sich danach wieder anmelden.
logout-submit = Abmelden
logout-cancel = Angemeldet bleiben
logged-out-title = Sie sind abgemeldet
logged-out-text = Sie können dieses Fenster jetzt schließen.
logged-out-again = Wieder anmelden

start-title = Ihr Konto
start-what = Hier melden Sie sich bei Ihren Anwendungen an. Öffnen Sie eine davon: Sie leitet Sie hierher, wenn sie wissen muss, wer Sie sind.
start-signed-in = Sie sind als { $name } angemeldet.
start-signed-out = Sie sind nicht angemeldet.

error-request-title = Die Anfrage der Anwendung kann nicht beantwortet werden
error-request-help = Mit Ihrem Konto ist alles in Ordnung. Gehen Sie zur Anwendung zurück und versuchen Sie es noch einmal. Geschieht es wieder, senden Sie deren Betreibern die Angaben unten.
error-expired-title = Diese Seite gilt nicht mehr
error-expired-help = Sie war zu lange offen oder wurde in einem anderen Browser geöffnet. Gehen Sie zur Anwendung zurück und beginnen Sie von vorn.
error-cookies-title = Ihr Browser hat kein Cookie gesendet
error-cookies-help = Zum Anmelden braucht es Cookies. Erlauben Sie sie für diese Seite, gehen Sie zur Anwendung zurück und beginnen Sie von vorn.
error-form-title = Dieses Formular ist nicht lesbar
error-form-help = Gehen Sie zur Anwendung zurück und beginnen Sie von vorn.
error-missing-title = Diese Seite gibt es nicht
error-missing-help = Prüfen Sie die Adresse oder gehen Sie zur Anwendung zurück, von der Sie kommen.
error-internal-title = Bei uns ist etwas schiefgegangen
error-internal-help = Versuchen Sie es gleich noch einmal. Geschieht es wieder, melden Sie es Ihren Administratoren und nennen Sie die Trace-ID.
error-unavailable-title = Im Moment nicht verfügbar
error-unavailable-help = Versuchen Sie es gleich noch einmal. Mit Ihrem Konto ist alles in Ordnung.
error-too-many-title = Zu viele Anfragen
error-too-many-help = Aus Ihrem Netz kamen in kurzer Zeit sehr viele Anfragen. Warten Sie einen Moment und versuchen Sie es dann noch einmal.
error-details = Einzelheiten
error-code = Fehler
error-trace = Trace-ID
