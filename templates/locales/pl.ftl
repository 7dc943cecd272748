language-name = Polski
tagline = Jedno logowanie do wszystkich aplikacji.

login-title = Zaloguj się
login-to-client = aby przejść do aplikacji { $client }
login-to-account = na swoje konto
login-again = Potwierdź, że to Ty.
login-username = Nazwa użytkownika
login-password = Hasło
login-submit = Zaloguj się
login-failed-title = Nie udało się
login-failed = Nazwa użytkownika lub hasło są nieprawidłowe. Sprawdź je i spróbuj ponownie.
login-expired-title = Hasło wymaga zmiany
login-expired = Jest prawidłowe, ale wygasło lub trzeba je zmienić przed pierwszym użyciem. Zmień je tam, gdzie zwykle to robisz, na przykład na komputerze służbowym, a potem zaloguj się tutaj nowym hasłem.
login-missing = Podaj nazwę użytkownika i hasło.
login-throttled-title = Zbyt wiele prób
login-throttled =
    { $seconds ->
        [one] Poczekaj sekundę i spróbuj ponownie.
        [few] Poczekaj { $seconds } sekundy i spróbuj ponownie.
        [many] Poczekaj { $seconds } sekund i spróbuj ponownie.
       *[other] Poczekaj { $seconds } sekundy i spróbuj ponownie.
    }
login-unavailable-title = W tej chwili to niemożliwe
login-unavailable = Nie można teraz sprawdzić hasła. Z Twoim kontem wszystko w porządku. Spróbuj za chwilę.
login-with = Kontynuuj przez { $provider }
login-provider-denied = { $provider }: logowanie się nie odbyło. Spróbuj ponownie albo zaloguj się w inny sposób.
login-provider-failed = { $provider }: odpowiedzi nie udało się sprawdzić, więc nie nastąpiło zalogowanie. Zacznij od nowa tutaj. Jeśli to się powtórzy, zgłoś to administratorom.
login-provider-unavailable = { $provider } teraz nie odpowiada. Z Twoim kontem wszystko jest w porządku. Spróbuj ponownie za chwilę.
login-provider-stale = Aplikacja chce ponownego potwierdzenia Twojej tożsamości, a { $provider } o nie nie poprosił. Najpierw wyloguj się tam albo zaloguj się w inny sposób.
login-provider-not-allowed = { $provider } zna Cię, ale nie możesz się tutaj zalogować. Poproś administratorów o dostęp.

or = albo
login-passkey = Zaloguj się kluczem dostępu
key-needs-script = Klucze dostępu i klucze bezpieczeństwa wymagają JavaScriptu. Zezwól na niego na tej stronie albo wybierz inny sposób.
key-not-here = Pod tym adresem nie można używać Twoich kluczy dostępu.
key-problem = Urządzenie nie dało odpowiedzi, której można użyć. Spróbuj ponownie albo wybierz inny sposób.

factor-title = Potwierdź, że to Ty
factor-lead = Twoje konto chroni drugi krok.
factor-use-key = Użyj klucza dostępu lub bezpieczeństwa
factor-code = Kod
factor-code-help = Sześć cyfr, które pokazuje teraz aplikacja uwierzytelniająca.
factor-code-or-recovery = Sześć cyfr, które pokazuje teraz aplikacja uwierzytelniająca, albo jeden z kodów odzyskiwania.
factor-recovery = Kod odzyskiwania
factor-recovery-help = Jeden z kodów zapisanych podczas konfiguracji.
factor-submit = Dalej
factor-remember =
    { $days ->
        [one] Nie pytaj ponownie w tej przeglądarce przez jeden dzień
        [few] Nie pytaj ponownie w tej przeglądarce przez { $days } dni
        [many] Nie pytaj ponownie w tej przeglądarce przez { $days } dni
       *[other] Nie pytaj ponownie w tej przeglądarce przez { $days } dnia
    }
factor-missing = Wpisz kod.
factor-failed = Kod jest niepoprawny albo został już użyty. Poczekaj na następny i spróbuj ponownie.
factor-key-failed = Tego klucza nie można tu użyć. Spróbuj ponownie albo wybierz inny sposób.
factor-key-copied = Ten klucz mógł zostać skopiowany, dlatego go odrzucono. Wybierz inny sposób i usuń klucz ze swojego konta.
factor-name-app = Aplikacja uwierzytelniająca
factor-name-key = Klucz dostępu lub bezpieczeństwa

setup-title = Zabezpiecz swoje konto
setup-lead = Aby przejść dalej, potrzebujesz drugiego kroku. Wybierz jeden:
setup-key-what = Odcisk palca, twarz albo PIN urządzenia lub klucza bezpieczeństwa. Nie da się go wyłudzić.
setup-app-what = Aplikacja w telefonie pokazuje co pół minuty nowy kod.
setup-impossible = Pod tym adresem nie można użyć żadnego z dozwolonych sposobów. Zapytaj administratorów.
setup-full = Nie można tego dodać: jest już zarejestrowane albo masz ich za dużo. Najpierw usuń jeden.
setup-name = Nazwa, aby go odróżnić
setup-app-title = Skonfiguruj aplikację uwierzytelniającą
setup-app-scan = Zeskanuj ten kod aplikacją.
setup-app-qr = Kod QR dla aplikacji uwierzytelniającej
setup-app-type = Jeśli nie możesz go zeskanować, wpisz w aplikacji:
setup-app-open = Otwórz aplikację na tym urządzeniu
setup-app-code = Kod, który pokazuje aplikacja
setup-app-submit = Potwierdź
setup-key-title = Skonfiguruj klucz dostępu
setup-key-lead = Przeglądarka poprosi o odcisk palca, twarz albo PIN. Klucz bezpieczeństwa też działa.
setup-key-submit = Utwórz klucz dostępu
recovery-title = Twoje kody odzyskiwania
recovery-lead = Zapisz je lub wydrukuj i przechowuj tam, gdzie znajdziesz je bez telefonu.
recovery-once = Każdy działa raz, zamiast drugiego kroku. Nie zostaną pokazane ponownie.
recovery-done = Mam je zapisane
account-back = Wróć do konta
new-password-title = Wybierz nowe hasło
new-password-intro = Hasło do konta { $name }, którego właśnie użyto, ustawił ktoś inny. Wybierz takie, które znasz tylko Ty.
new-password-new = Nowe hasło
new-password-again = Nowe hasło jeszcze raz
new-password-hint =
    { $characters ->
        [one] Co najmniej jeden znak. Kilka słów pod rząd łatwo zapamiętać, a trudno odgadnąć.
        [few] Co najmniej { $characters } znaki. Kilka słów pod rząd łatwo zapamiętać, a trudno odgadnąć.
        [many] Co najmniej { $characters } znaków. Kilka słów pod rząd łatwo zapamiętać, a trudno odgadnąć.
       *[other] Co najmniej { $characters } znaku. Kilka słów pod rząd łatwo zapamiętać, a trudno odgadnąć.
    }
new-password-submit = Zapisz i kontynuuj
new-password-problem-title = To hasło się nie nadaje
new-password-missing = Wpisz nowe hasło w obu polach.
new-password-differs = Hasła w obu polach są różne. Wpisz je jeszcze raz.
new-password-too-short =
    { $characters ->
        [one] Jest za krótkie. Musi mieć co najmniej jeden znak.
        [few] Jest za krótkie. Musi mieć co najmniej { $characters } znaki.
        [many] Jest za krótkie. Musi mieć co najmniej { $characters } znaków.
       *[other] Jest za krótkie. Musi mieć co najmniej { $characters } znaku.
    }
new-password-too-long = Jest za długie. Wybierz takie, które ma najwyżej 1024 bajty.
new-password-common = Należy do tych, które odgaduje się najpierw. Wybierz takie, na które nikt by nie wpadł.
new-password-personal = Zawiera Twoje imię lub nazwisko, adres e-mail albo nazwę tej usługi. Wybierz takie, które nic o Tobie nie mówi.
new-password-same = To hasło, którego właśnie użyto. Wybierz inne.

consent-title = Zezwolić aplikacji { $client }?
consent-intro = Aplikacja { $client } prosi o dostęp do Twojego konta { $name }. Będzie mogła:
scope-openid = Wiedzieć, kim jesteś
scope-profile = Widzieć Twoje imię, nazwisko i nazwę użytkownika
scope-email = Widzieć Twój adres e-mail
scope-groups = Widzieć, do jakich grup należysz
scope-offline-access = Zachować ten dostęp pod Twoją nieobecność
scope-other = Korzystać z uprawnienia:
consent-destination = Następnie przejdziesz do { $host }.
consent-allow = Zezwól
consent-deny = Nie zezwalaj

continue-title = Już prawie
continue-text = Wracasz do aplikacji { $client }. Jeśli nic się nie dzieje, naciśnij przycisk.
continue-submit = Dalej

logout-title = Wylogować się?
logout-as = Zalogowano jako { $name }.
logout-text = Aby korzystać z aplikacji, trzeba będzie zalogować się ponownie.
logout-submit = Wyloguj się
logout-cancel = Nie wylogowuj
logged-out-title = Wylogowano
logged-out-text = Możesz teraz zamknąć to okno.
logged-out-again = Zaloguj się ponownie
logged-out-elsewhere = Możliwe, że nadal trwa Twoja sesja w { $provider }.
logged-out-there = Wyloguj się także z { $provider }

account-title = Twoje konto
account-tab = Profil
account-username = Nazwa użytkownika
account-name = Imię i nazwisko
account-given-name = Imię
account-family-name = Nazwisko
account-email = Adres e-mail
account-groups = Grupy
account-who-changes = Jeśli coś się tu nie zgadza, zwróć się do administratorów: to oni o to dbają.
security-tab = Bezpieczeństwo
security-title = Hasło i drugi krok
security-confirm = Aby coś tu zmienić, potwierdź jeszcze raz, że to Ty.
security-confirm-submit = Potwierdź, że to Ty
security-factors = Drugi krok
security-since = od { $at }
security-used = ostatnio użyty { $at }
security-remove = Usuń
security-remove-what = Usuń: { $what }
security-no-factors = Nie masz żadnego. Z drugim krokiem samo hasło niczego nie otworzy.
security-add-key = Dodaj klucz dostępu
security-add-app = Dodaj aplikację uwierzytelniającą
security-codes-left =
    { $number ->
        [0] Nie został żaden.
        [one] Został jeden.
        [few] Zostały { $number }.
        [many] Zostało { $number }.
       *[other] Zostało { $number }.
    }
security-new-codes = Utwórz nowe kody
security-password-elsewhere = Twoje hasło jest w katalogu Twojej organizacji. Zmień je tam.
security-password-confirm = Możesz je zmienić po potwierdzeniu, że to Ty.
security-password-ends = Wszystkie inne sesje kończą się wraz ze starym hasłem.
security-change-password = Zmień hasło
sessions-tab = Sesje
sessions-title = Gdzie masz otwarte sesje
sessions-lead = Wyloguj się wszędzie tam, gdzie czegoś nie rozpoznajesz. Aplikacje stracą tam dostęp.
sessions-unknown = Nieznana przeglądarka
sessions-this = (ta przeglądarka)
sessions-since = logowanie { $at }
sessions-end-what = Wyloguj: { $what }
sessions-end-others = Wyloguj wszędzie indziej
applications-tab = Aplikacje
applications-title = Aplikacje z dostępem
applications-lead = To, na co zezwolono. Cofnięcie działa od razu; aplikacja zapyta ponownie przy następnym użyciu.
applications-none = Nie zezwolono na nic żadnej aplikacji.
applications-since = od { $at }
applications-withdraw = Cofnij
applications-withdraw-what = Cofnij dostęp: { $what }
events-tab = Zdarzenia
events-title = Co się ostatnio działo
events-lead = Jeśli coś nie pochodzi od Ciebie, zmień hasło i powiadom administratorów.
event-login = Przyjęto hasło
event-login-failed = Próbowano błędnego hasła
event-session-ended = Wylogowanie
event-password-changed = Zmieniono hasło
event-password-reset = Administrator zresetował hasło
event-factor-added = Dodano drugi krok
event-factor-removed = Usunięto drugi krok
event-factor-refused = Próbowano błędnego kodu lub klucza
event-factors-reset = Administrator usunął drugie kroki
event-codes-made = Utworzono kody odzyskiwania
event-code-used = Użyto kodu odzyskiwania
event-consent-given = Zezwolono na dostęp
event-consent-withdrawn = Cofnięto dostęp
event-disabled = Konto wyłączone
event-enabled = Konto włączone
event-linked = Połączono konto z innym dostawcą

start-title = Twoje konto
start-what = Tutaj logujesz się do swoich aplikacji. Otwórz jedną z nich: przekieruje Cię tutaj, gdy będzie musiała wiedzieć, kim jesteś.
start-signed-in = Zalogowano jako { $name }.
start-signed-out = Nie jesteś zalogowany.

error-request-title = Nie można odpowiedzieć na żądanie aplikacji
error-request-help = Z Twoim kontem wszystko w porządku. Wróć do aplikacji i spróbuj ponownie. Jeśli to się powtórzy, wyślij jej operatorom poniższe szczegóły.
error-expired-title = Tej strony nie można już użyć
error-expired-help = Była otwarta zbyt długo albo otwarto ją w innej przeglądarce. Wróć do aplikacji i zacznij od nowa.
error-cookies-title = Przeglądarka nie wysłała pliku cookie
error-cookies-help = Logowanie wymaga plików cookie. Zezwól na nie dla tej witryny, wróć do aplikacji i zacznij od nowa.
error-form-title = Nie można odczytać tego formularza
error-form-help = Wróć do aplikacji i zacznij od nowa.
error-missing-title = Nie ma takiej strony
error-missing-help = Sprawdź adres albo wróć do aplikacji, z której przychodzisz.
error-internal-title = Coś poszło nie tak po naszej stronie
error-internal-help = Spróbuj za chwilę. Jeśli to się powtórzy, powiadom administratorów i podaj im identyfikator śledzenia.
error-unavailable-title = W tej chwili niedostępne
error-unavailable-help = Spróbuj za chwilę. Z Twoim kontem wszystko w porządku.
error-too-many-title = Zbyt wiele żądań
error-too-many-help = Z Twojej sieci nadeszło w krótkim czasie bardzo wiele żądań. Odczekaj chwilę i spróbuj ponownie.
error-details = Szczegóły
error-code = Błąd
error-trace = Identyfikator śledzenia
