# Pages of Nauthera. The person who reads them wants to get to work: short, plain, no blame.
language-name = English
tagline = One sign-in for all your applications.

login-title = Sign in
login-to-client = to continue to { $client }
login-to-account = to your account
login-again = Please confirm that it is you.
login-username = Username
login-password = Password
login-submit = Sign in
login-failed-title = That did not work
login-failed = The username or the password is not right. Check both and try again.
login-expired-title = Your password has to be changed
login-expired = It is right, but it has expired or has to be changed before first use. Change it where you usually do, for instance at your work computer, then sign in here with the new one.
login-missing = Enter your username and your password.
login-throttled-title = Too many attempts
login-throttled =
    { $seconds ->
        [one] Wait one second, then try again.
       *[other] Wait { $seconds } seconds, then try again.
    }
login-unavailable-title = Not possible right now
login-unavailable = Passwords cannot be checked at the moment. Nothing is wrong with your account. Try again shortly.

consent-title = Allow { $client }?
consent-intro = { $client } asks to use your account { $name }. It will be able to:
scope-openid = Know who you are
scope-profile = See your name and your username
scope-email = See your email address
scope-groups = See which groups you belong to
scope-offline-access = Keep this access while you are away
scope-other = Use this permission:
consent-destination = Afterwards you go to { $host }.
consent-allow = Allow
consent-deny = Do not allow

continue-title = Almost there
continue-text = You are on your way back to { $client }. If nothing happens, press the button.
continue-submit = Continue

logout-title = Sign out?
logout-as = You are signed in as { $name }.
logout-text = You will have to sign in again to use your applications.
logout-submit = Sign out
logout-cancel = Stay signed in
logged-out-title = You are signed out
logged-out-text = You can close this window now.
logged-out-again = Sign in again

start-title = Your account
start-what = This is where you sign in to your applications. Open one of them: it sends you here when it needs to know who you are.
start-signed-in = You are signed in as { $name }.
start-signed-out = You are not signed in.

error-request-title = The application’s request cannot be answered
error-request-help = Nothing is wrong with your account. Go back to the application and try again. If it happens again, send its operators the details below.
error-expired-title = This page can no longer be used
error-expired-help = It was open for too long, or it was opened in another browser. Go back to the application and start again.
error-cookies-title = Your browser sent no cookie
error-cookies-help = Signing in needs cookies. Allow them for this site, then go back to the application and start again.
error-form-title = This form cannot be read
error-form-help = Go back to the application and start again.
error-missing-title = There is no such page
error-missing-help = Check the address, or go back to the application that you came from.
error-internal-title = Something went wrong on our side
error-internal-help = Try again in a moment. If it happens again, tell your administrators and send them the trace id.
error-unavailable-title = Not available right now
error-unavailable-help = Try again in a moment. Nothing is wrong with your account.
error-too-many-title = Too many requests
error-too-many-help = Very many requests have come from your network in a short time. Wait a moment, then try again.
error-details = Details
error-code = Error
error-trace = Trace id
