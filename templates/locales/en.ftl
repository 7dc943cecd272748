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
login-with = Continue with { $provider }
login-provider-denied = { $provider } did not sign you in. Try again, or sign in another way.
login-provider-failed = The answer of { $provider } could not be checked, so you are not signed in. Start again from here. If it happens again, tell your administrators.
login-provider-unavailable = { $provider } does not answer at the moment. Nothing is wrong with your account. Try again shortly.
login-provider-stale = The application wants you to prove again who you are, and { $provider } did not ask you. Sign out there first, or sign in another way.
login-provider-not-allowed = { $provider } knows you, but you may not sign in here. Ask your administrators for access.

or = or
login-passkey = Sign in with a passkey
key-needs-script = Passkeys and security keys need JavaScript. Allow it for this site, or choose another way.
key-not-here = Your passkeys cannot be used at this address.
key-problem = Your device gave no answer that can be used. Try again, or choose another way.

factor-title = Confirm that it is you
factor-lead = Your account is protected by a second step.
factor-use-key = Use a passkey or security key
factor-code = Code
factor-code-help = The six digits that your authenticator app shows now.
factor-code-or-recovery = The six digits that your authenticator app shows now, or one of your recovery codes.
factor-recovery = Recovery code
factor-recovery-help = One of the codes that you wrote down when you set this up.
factor-submit = Continue
factor-remember =
    { $days ->
        [one] Do not ask again on this browser for one day
       *[other] Do not ask again on this browser for { $days } days
    }
factor-missing = Enter a code.
factor-failed = The code is not right, or it was used already. Wait for the next one, then try again.
factor-key-failed = This key cannot be used here. Try again, or choose another way.
factor-key-copied = This key may have been copied, so it was refused. Choose another way, and remove the key from your account.
factor-name-app = Authenticator app
factor-name-key = Passkey or security key

setup-title = Protect your account
setup-lead = You need a second step to go on. Choose one:
setup-key-what = Your fingerprint, your face or the PIN of your device or of a security key. Cannot be phished.
setup-app-what = An app on your phone shows a new code every half minute.
setup-impossible = None of the ways that are allowed can be used at this address. Ask your administrators.
setup-full = It cannot be added: it is registered already, or you have too many. Remove one first.
setup-name = Name, to tell it from others
setup-app-title = Set up an authenticator app
setup-app-scan = Scan this code with the app.
setup-app-qr = QR code for the authenticator app
setup-app-type = If you cannot scan it, type this into the app:
setup-app-open = Open an app on this device
setup-app-code = Code that the app shows
setup-app-submit = Confirm
setup-key-title = Set up a passkey
setup-key-lead = Your browser will ask for your fingerprint, your face or a PIN. A security key works, too.
setup-key-submit = Create a passkey
recovery-title = Your recovery codes
recovery-lead = Write these down, or print them, and keep them where you will find them without your phone.
recovery-once = Each works once, in place of your second step. They are not shown again.
recovery-done = I have kept them
account-back = Back to your account
new-password-title = Choose a new password
new-password-intro = Somebody else set the password that you, { $name }, just used. Choose one that only you know.
new-password-new = New password
new-password-again = New password, once more
new-password-hint =
    { $characters ->
        [one] At least one character. A few words in a row are easy to remember and hard to guess.
       *[other] At least { $characters } characters. A few words in a row are easy to remember and hard to guess.
    }
new-password-submit = Save and continue
new-password-problem-title = This password will not do
new-password-missing = Enter the new password in both fields.
new-password-differs = The two fields do not hold the same password. Enter it again.
new-password-too-short =
    { $characters ->
        [one] It is too short. It needs at least one character.
       *[other] It is too short. It needs at least { $characters } characters.
    }
new-password-too-long = It is too long. Choose one with at most 1024 bytes.
new-password-common = It is one of those that are guessed first. Choose one that nobody would think of.
new-password-personal = It holds your name, your email address or the name of this service. Choose one that says nothing about you.
new-password-same = It is the password that you just used. Choose another one.

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
logged-out-elsewhere = You may still be signed in at { $provider }.
logged-out-there = Sign out of { $provider } too

account-title = Your account
account-tab = Profile
account-username = Username
account-name = Name
account-given-name = Given name
account-family-name = Family name
account-email = Email address
account-groups = Groups
account-who-changes = If something here is wrong, ask your administrators: they keep it.
security-tab = Security
security-title = Password and second step
security-confirm = To change anything here, confirm once more that it is you.
security-confirm-submit = Confirm that it is you
security-factors = Second step
security-since = since { $at }
security-used = last used { $at }
security-remove = Remove
security-remove-what = Remove { $what }
security-no-factors = You have set up none. With one, your password alone opens nothing.
security-add-key = Add a passkey
security-add-app = Add an authenticator app
security-codes-left =
    { $number ->
        [0] There are none left.
        [one] There is one left.
       *[other] There are { $number } left.
    }
security-new-codes = Make new codes
security-password-elsewhere = Your password is kept by your organisation’s directory. Change it there.
security-password-confirm = You can change it after you have confirmed that it is you.
security-password-ends = All other sessions end with the old password.
security-change-password = Change password
sessions-tab = Sessions
sessions-title = Where you are signed in
sessions-lead = Sign out wherever you do not recognise something. Applications there lose their access.
sessions-unknown = Unknown browser
sessions-this = (this browser)
sessions-since = signed in { $at }
sessions-end-what = Sign out of { $what }
sessions-end-others = Sign out everywhere else
applications-tab = Applications
applications-title = Applications with access
applications-lead = What you allowed. Whatever you take back ends at once; the application asks again when you next use it.
applications-none = You have not allowed any application anything.
applications-since = since { $at }
applications-withdraw = Take back
applications-withdraw-what = Take back what { $what } may do
events-tab = Events
events-title = What happened lately
events-lead = If you see something that was not you, change your password and tell your administrators.
event-login = Password accepted
event-login-failed = A wrong password was tried
event-session-ended = Signed out
event-password-changed = Password changed
event-password-reset = Password reset by an administrator
event-factor-added = Second step added
event-factor-removed = Second step removed
event-factor-refused = A wrong code or key was tried
event-factors-reset = Second steps removed by an administrator
event-codes-made = Recovery codes made
event-code-used = Recovery code used
event-consent-given = Access allowed
event-consent-withdrawn = Access taken back
event-disabled = Account disabled
event-enabled = Account enabled
event-linked = Account linked with another provider

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
