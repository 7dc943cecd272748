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
