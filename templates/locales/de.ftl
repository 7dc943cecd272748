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
login-with = Weiter mit { $provider }
login-provider-denied = { $provider } hat Sie nicht angemeldet. Versuchen Sie es noch einmal, oder melden Sie sich auf andere Weise an.
login-provider-failed = Die Antwort von { $provider } ließ sich nicht prüfen, deshalb sind Sie nicht angemeldet. Beginnen Sie hier noch einmal. Wenn es wieder geschieht, wenden Sie sich an Ihre Administratoren.
login-provider-unavailable = { $provider } antwortet gerade nicht. Mit Ihrem Konto ist alles in Ordnung. Versuchen Sie es gleich noch einmal.
login-provider-stale = Die Anwendung möchte, dass Sie erneut bestätigen, wer Sie sind, und { $provider } hat Sie nicht gefragt. Melden Sie sich dort zuerst ab, oder melden Sie sich auf andere Weise an.
login-provider-not-allowed = { $provider } kennt Sie, aber Sie dürfen sich hier nicht anmelden. Bitten Sie Ihre Administratoren um Zugang.

or = oder
login-passkey = Mit Passkey anmelden
key-needs-script = Passkeys und Sicherheitsschlüssel brauchen JavaScript. Erlauben Sie es für diese Seite, oder wählen Sie einen anderen Weg.
key-not-here = Ihre Passkeys lassen sich unter dieser Adresse nicht verwenden.
key-problem = Ihr Gerät hat keine brauchbare Antwort gegeben. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.

factor-title = Bestätigen Sie, dass Sie es sind
factor-lead = Ihr Konto ist durch einen zweiten Schritt geschützt.
factor-use-key = Passkey oder Sicherheitsschlüssel verwenden
factor-code = Code
factor-code-help = Die sechs Ziffern, die Ihre Authenticator-App gerade zeigt.
factor-code-or-recovery = Die sechs Ziffern, die Ihre Authenticator-App gerade zeigt, oder einer Ihrer Wiederherstellungscodes.
factor-recovery = Wiederherstellungscode
factor-recovery-help = Einer der Codes, die Sie sich beim Einrichten notiert haben.
factor-submit = Weiter
factor-remember =
    { $days ->
        [one] In diesem Browser einen Tag lang nicht mehr fragen
       *[other] In diesem Browser { $days } Tage lang nicht mehr fragen
    }
factor-missing = Geben Sie einen Code ein.
factor-failed = Der Code stimmt nicht, oder er wurde schon verwendet. Warten Sie auf den nächsten, und versuchen Sie es noch einmal.
factor-key-failed = Dieser Schlüssel lässt sich hier nicht verwenden. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
factor-key-copied = Dieser Schlüssel wurde vielleicht kopiert und darum abgelehnt. Wählen Sie einen anderen Weg, und entfernen Sie den Schlüssel aus Ihrem Konto.
factor-name-app = Authenticator-App
factor-name-key = Passkey oder Sicherheitsschlüssel

setup-title = Schützen Sie Ihr Konto
setup-lead = Damit es weitergeht, brauchen Sie einen zweiten Schritt. Wählen Sie einen:
setup-key-what = Ihr Fingerabdruck, Ihr Gesicht oder die PIN Ihres Geräts oder eines Sicherheitsschlüssels. Nicht durch Phishing zu stehlen.
setup-app-what = Eine App auf Ihrem Telefon zeigt jede halbe Minute einen neuen Code.
setup-impossible = Keiner der erlaubten Wege lässt sich unter dieser Adresse verwenden. Fragen Sie Ihre Administratoren.
setup-full = Das lässt sich nicht hinzufügen: Es ist schon eingetragen, oder Sie haben zu viele. Entfernen Sie zuerst eines.
setup-name = Name zur Unterscheidung
setup-app-title = Authenticator-App einrichten
setup-app-scan = Scannen Sie diesen Code mit der App.
setup-app-qr = QR-Code für die Authenticator-App
setup-app-type = Wenn Sie ihn nicht scannen können, geben Sie dies in die App ein:
setup-app-open = Eine App auf diesem Gerät öffnen
setup-app-code = Code, den die App zeigt
setup-app-submit = Bestätigen
setup-key-title = Passkey einrichten
setup-key-lead = Ihr Browser fragt nach Ihrem Fingerabdruck, Ihrem Gesicht oder einer PIN. Auch ein Sicherheitsschlüssel geht.
setup-key-submit = Passkey erstellen
recovery-title = Ihre Wiederherstellungscodes
recovery-lead = Schreiben Sie sie auf oder drucken Sie sie aus, und bewahren Sie sie dort auf, wo Sie sie auch ohne Ihr Telefon finden.
recovery-once = Jeder gilt einmal, anstelle Ihres zweiten Schritts. Sie werden nicht noch einmal gezeigt.
recovery-done = Ich habe sie aufbewahrt
account-back = Zurück zu Ihrem Konto
new-password-title = Neues Passwort wählen
new-password-intro = Das Passwort, das Sie, { $name }, gerade verwendet haben, hat jemand anderes festgelegt. Wählen Sie eines, das nur Sie kennen.
new-password-new = Neues Passwort
new-password-again = Neues Passwort noch einmal
new-password-hint =
    { $characters ->
        [one] Mindestens ein Zeichen. Ein paar Wörter hintereinander sind leicht zu merken und schwer zu erraten.
       *[other] Mindestens { $characters } Zeichen. Ein paar Wörter hintereinander sind leicht zu merken und schwer zu erraten.
    }
new-password-submit = Speichern und weiter
new-password-problem-title = Dieses Passwort eignet sich nicht
new-password-missing = Geben Sie das neue Passwort in beide Felder ein.
new-password-differs = In den beiden Feldern steht nicht dasselbe Passwort. Geben Sie es noch einmal ein.
new-password-too-short =
    { $characters ->
        [one] Es ist zu kurz. Es braucht mindestens ein Zeichen.
       *[other] Es ist zu kurz. Es braucht mindestens { $characters } Zeichen.
    }
new-password-too-long = Es ist zu lang. Wählen Sie eines mit höchstens 1024 Bytes.
new-password-common = Es gehört zu denen, die als Erste geraten werden. Wählen Sie eines, auf das niemand kommt.
new-password-personal = Es enthält Ihren Namen, Ihre E-Mail-Adresse oder den Namen dieses Dienstes. Wählen Sie eines, das nichts über Sie verrät.
new-password-same = Es ist das Passwort, das Sie gerade verwendet haben. Wählen Sie ein anderes.

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
logged-out-elsewhere = Möglicherweise sind Sie bei { $provider } noch angemeldet.
logged-out-there = Auch bei { $provider } abmelden

account-title = Ihr Konto
account-tab = Profil
account-username = Benutzername
account-name = Name
account-given-name = Vorname
account-family-name = Nachname
account-email = E-Mail-Adresse
account-groups = Gruppen
account-who-changes = Wenn hier etwas nicht stimmt, fragen Sie Ihre Administratoren: Sie pflegen es.
security-tab = Sicherheit
security-title = Passwort und zweiter Schritt
security-confirm = Um hier etwas zu ändern, bestätigen Sie noch einmal, dass Sie es sind.
security-confirm-submit = Bestätigen, dass Sie es sind
security-factors = Zweiter Schritt
security-since = seit { $at }
security-used = zuletzt verwendet { $at }
security-remove = Entfernen
security-remove-what = { $what } entfernen
security-no-factors = Sie haben keinen eingerichtet. Mit einem öffnet Ihr Passwort allein nichts.
security-add-key = Passkey hinzufügen
security-add-app = Authenticator-App hinzufügen
security-codes-left =
    { $number ->
        [0] Es ist keiner mehr übrig.
        [one] Es ist noch einer übrig.
       *[other] Es sind noch { $number } übrig.
    }
security-new-codes = Neue Codes erzeugen
security-password-elsewhere = Ihr Passwort liegt im Verzeichnis Ihrer Organisation. Ändern Sie es dort.
security-password-confirm = Sie können es ändern, nachdem Sie bestätigt haben, dass Sie es sind.
security-password-ends = Alle anderen Sitzungen enden mit dem alten Passwort.
security-change-password = Passwort ändern
sessions-tab = Sitzungen
sessions-title = Wo Sie angemeldet sind
sessions-lead = Melden Sie sich überall dort ab, wo Sie etwas nicht wiedererkennen. Anwendungen verlieren dort ihren Zugriff.
sessions-unknown = Unbekannter Browser
sessions-this = (dieser Browser)
sessions-since = angemeldet { $at }
sessions-end-what = Von { $what } abmelden
sessions-end-others = Überall sonst abmelden
applications-tab = Anwendungen
applications-title = Anwendungen mit Zugriff
applications-lead = Was Sie erlaubt haben. Was Sie zurücknehmen, endet sofort; die Anwendung fragt bei der nächsten Verwendung wieder.
applications-none = Sie haben keiner Anwendung etwas erlaubt.
applications-since = seit { $at }
applications-withdraw = Zurücknehmen
applications-withdraw-what = Zurücknehmen, was { $what } darf
events-tab = Ereignisse
events-title = Was zuletzt geschah
events-lead = Wenn etwas davon nicht von Ihnen ist, ändern Sie Ihr Passwort, und sagen Sie es Ihren Administratoren.
event-login = Passwort angenommen
event-login-failed = Ein falsches Passwort wurde versucht
event-session-ended = Abgemeldet
event-password-changed = Passwort geändert
event-password-reset = Passwort von einem Administrator zurückgesetzt
event-factor-added = Zweiter Schritt hinzugefügt
event-factor-removed = Zweiter Schritt entfernt
event-factor-refused = Ein falscher Code oder Schlüssel wurde versucht
event-factors-reset = Zweite Schritte von einem Administrator entfernt
event-codes-made = Wiederherstellungscodes erzeugt
event-code-used = Wiederherstellungscode verwendet
event-consent-given = Zugriff erlaubt
event-consent-withdrawn = Zugriff zurückgenommen
event-disabled = Konto gesperrt
event-enabled = Konto entsperrt
event-linked = Konto mit einem anderen Anbieter verknüpft

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
