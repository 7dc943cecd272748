language-name = Français
tagline = Une seule connexion pour toutes vos applications.

login-title = Connexion
login-to-client = pour continuer vers { $client }
login-to-account = à votre compte
login-again = Veuillez confirmer que c’est bien vous.
login-username = Nom d’utilisateur
login-password = Mot de passe
login-submit = Se connecter
login-failed-title = Cela n’a pas fonctionné
login-failed = Le nom d’utilisateur ou le mot de passe est incorrect. Vérifiez les deux et réessayez.
login-expired-title = Votre mot de passe doit être changé
login-expired = Il est correct, mais il a expiré ou doit être changé avant la première utilisation. Changez-le à l’endroit habituel, par exemple sur votre ordinateur de travail, puis connectez-vous ici avec le nouveau.
login-missing = Saisissez votre nom d’utilisateur et votre mot de passe.
login-throttled-title = Trop de tentatives
login-throttled =
    { $seconds ->
        [one] Attendez une seconde, puis réessayez.
       *[other] Attendez { $seconds } secondes, puis réessayez.
    }
login-unavailable-title = Impossible pour le moment
login-unavailable = Les mots de passe ne peuvent pas être vérifiés actuellement. Votre compte n’a aucun problème. Réessayez dans un instant.

consent-title = Autoriser { $client } ?
consent-intro = { $client } demande à utiliser votre compte { $name }. L’application pourra :
scope-openid = Savoir qui vous êtes
scope-profile = Voir votre nom et votre nom d’utilisateur
scope-email = Voir votre adresse e-mail
scope-groups = Voir les groupes dont vous faites partie
scope-offline-access = Conserver cet accès en votre absence
scope-other = Utiliser cette permission :
consent-destination = Vous irez ensuite vers { $host }.
consent-allow = Autoriser
consent-deny = Ne pas autoriser

continue-title = Vous y êtes presque
continue-text = Vous retournez vers { $client }. Si rien ne se passe, appuyez sur le bouton.
continue-submit = Continuer

logout-title = Se déconnecter ?
logout-as = Vous êtes connecté en tant que { $name }.
logout-text = Vous devrez vous reconnecter pour utiliser vos applications.
logout-submit = Se déconnecter
logout-cancel = Rester connecté
logged-out-title = Vous êtes déconnecté
logged-out-text = Vous pouvez maintenant fermer cette fenêtre.
logged-out-again = Se reconnecter

start-title = Votre compte
start-what = C’est ici que vous vous connectez à vos applications. Ouvrez l’une d’elles : elle vous envoie ici lorsqu’elle a besoin de savoir qui vous êtes.
start-signed-in = Vous êtes connecté en tant que { $name }.
start-signed-out = Vous n’êtes pas connecté.

error-request-title = La demande de l’application ne peut pas être traitée
error-request-help = Votre compte n’a aucun problème. Retournez à l’application et réessayez. Si cela se reproduit, envoyez les détails ci-dessous à ses responsables.
error-expired-title = Cette page n’est plus utilisable
error-expired-help = Elle est restée ouverte trop longtemps, ou a été ouverte dans un autre navigateur. Retournez à l’application et recommencez.
error-cookies-title = Votre navigateur n’a pas envoyé de cookie
error-cookies-help = La connexion nécessite des cookies. Autorisez-les pour ce site, puis retournez à l’application et recommencez.
error-form-title = Ce formulaire est illisible
error-form-help = Retournez à l’application et recommencez.
error-missing-title = Cette page n’existe pas
error-missing-help = Vérifiez l’adresse, ou retournez à l’application d’où vous venez.
error-internal-title = Un problème est survenu de notre côté
error-internal-help = Réessayez dans un instant. Si cela se reproduit, prévenez vos administrateurs en indiquant l’identifiant de trace.
error-unavailable-title = Indisponible pour le moment
error-unavailable-help = Réessayez dans un instant. Votre compte n’a aucun problème.
error-too-many-title = Trop de requêtes
error-too-many-help = De très nombreuses requêtes sont arrivées de votre réseau en peu de temps. Patientez un instant, puis réessayez.
error-details = Détails
error-code = Erreur
error-trace = Identifiant de trace
