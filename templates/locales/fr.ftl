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
login-with = Continuer avec { $provider }
login-provider-denied = { $provider } ne vous a pas connecté. Réessayez, ou connectez-vous autrement.
login-provider-failed = La réponse de { $provider } n’a pas pu être vérifiée : vous n’êtes pas connecté. Recommencez à partir d’ici. Si cela se reproduit, prévenez vos administrateurs.
login-provider-unavailable = { $provider } ne répond pas pour le moment. Votre compte n’est pas en cause. Réessayez dans un instant.
login-provider-stale = L’application demande que vous prouviez à nouveau votre identité, et { $provider } ne vous l’a pas demandé. Déconnectez-vous d’abord là-bas, ou connectez-vous autrement.
login-provider-not-allowed = { $provider } vous connaît, mais vous ne pouvez pas vous connecter ici. Demandez l’accès à vos administrateurs.

or = ou
login-passkey = Se connecter avec une clé d’accès
key-needs-script = Les clés d’accès et les clés de sécurité ont besoin de JavaScript. Autorisez-le pour ce site ou choisissez un autre moyen.
key-not-here = Vos clés d’accès ne peuvent pas être utilisées à cette adresse.
key-problem = Votre appareil n’a pas donné de réponse utilisable. Réessayez ou choisissez un autre moyen.

factor-title = Confirmez que c’est bien vous
factor-lead = Votre compte est protégé par une deuxième étape.
factor-use-key = Utiliser une clé d’accès ou de sécurité
factor-code = Code
factor-code-help = Les six chiffres que votre application d’authentification affiche en ce moment.
factor-code-or-recovery = Les six chiffres que votre application d’authentification affiche en ce moment, ou l’un de vos codes de secours.
factor-recovery = Code de secours
factor-recovery-help = L’un des codes que vous avez notés lors de la configuration.
factor-submit = Continuer
factor-remember =
    { $days ->
        [one] Ne plus demander dans ce navigateur pendant un jour
       *[other] Ne plus demander dans ce navigateur pendant { $days } jours
    }
factor-missing = Saisissez un code.
factor-failed = Le code n’est pas correct, ou il a déjà servi. Attendez le suivant, puis réessayez.
factor-key-failed = Cette clé ne peut pas être utilisée ici. Réessayez ou choisissez un autre moyen.
factor-key-copied = Cette clé a peut-être été copiée ; elle a donc été refusée. Choisissez un autre moyen et retirez la clé de votre compte.
factor-name-app = Application d’authentification
factor-name-key = Clé d’accès ou de sécurité

setup-title = Protégez votre compte
setup-lead = Une deuxième étape est nécessaire pour continuer. Choisissez-en une :
setup-key-what = Votre empreinte, votre visage ou le code de votre appareil ou d’une clé de sécurité. Impossible à hameçonner.
setup-app-what = Une application de votre téléphone affiche un nouveau code toutes les demi-minutes.
setup-impossible = Aucun des moyens autorisés ne peut être utilisé à cette adresse. Adressez-vous à vos administrateurs.
setup-full = Ajout impossible : c’est déjà enregistré, ou vous en avez trop. Retirez-en d’abord un.
setup-name = Nom, pour le reconnaître
setup-app-title = Configurer une application d’authentification
setup-app-scan = Scannez ce code avec l’application.
setup-app-qr = Code QR pour l’application d’authentification
setup-app-type = Si vous ne pouvez pas le scanner, saisissez ceci dans l’application :
setup-app-open = Ouvrir une application sur cet appareil
setup-app-code = Code affiché par l’application
setup-app-submit = Confirmer
setup-key-title = Configurer une clé d’accès
setup-key-lead = Votre navigateur demandera votre empreinte, votre visage ou un code. Une clé de sécurité convient aussi.
setup-key-submit = Créer une clé d’accès
recovery-title = Vos codes de secours
recovery-lead = Notez-les ou imprimez-les, et gardez-les là où vous les trouverez sans votre téléphone.
recovery-once = Chacun sert une fois, à la place de votre deuxième étape. Ils ne seront plus affichés.
recovery-done = Je les ai gardés
account-back = Retour à votre compte
new-password-title = Choisissez un nouveau mot de passe
new-password-intro = Le mot de passe que vous venez d’utiliser, { $name }, a été défini par quelqu’un d’autre. Choisissez-en un que personne d’autre ne connaît.
new-password-new = Nouveau mot de passe
new-password-again = Nouveau mot de passe, encore une fois
new-password-hint =
    { $characters ->
        [one] Au moins un caractère. Quelques mots à la suite sont faciles à retenir et difficiles à deviner.
       *[other] Au moins { $characters } caractères. Quelques mots à la suite sont faciles à retenir et difficiles à deviner.
    }
new-password-submit = Enregistrer et continuer
new-password-problem-title = Ce mot de passe ne convient pas
new-password-missing = Saisissez le nouveau mot de passe dans les deux champs.
new-password-differs = Les deux champs ne contiennent pas le même mot de passe. Saisissez-le de nouveau.
new-password-too-short =
    { $characters ->
        [one] Il est trop court. Il lui faut au moins un caractère.
       *[other] Il est trop court. Il lui faut au moins { $characters } caractères.
    }
new-password-too-long = Il est trop long. Choisissez-en un de 1024 octets au plus.
new-password-common = C’est l’un de ceux que l’on devine en premier. Choisissez-en un auquel personne ne penserait.
new-password-personal = Il contient votre nom, votre adresse e-mail ou le nom de ce service. Choisissez-en un qui ne dit rien de vous.
new-password-same = C’est le mot de passe que vous venez d’utiliser. Choisissez-en un autre.

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
logged-out-elsewhere = Vous êtes peut-être encore connecté à { $provider }.
logged-out-there = Se déconnecter aussi de { $provider }

account-title = Votre compte
account-tab = Profil
account-username = Nom d’utilisateur
account-name = Nom
account-given-name = Prénom
account-family-name = Nom de famille
account-email = Adresse e-mail
account-groups = Groupes
account-who-changes = Si quelque chose est inexact ici, adressez-vous à vos administrateurs : ce sont eux qui le tiennent à jour.
security-tab = Sécurité
security-title = Mot de passe et deuxième étape
security-confirm = Pour modifier quoi que ce soit ici, confirmez encore une fois que c’est bien vous.
security-confirm-submit = Confirmer que c’est bien vous
security-factors = Deuxième étape
security-since = depuis le { $at }
security-used = utilisée pour la dernière fois le { $at }
security-remove = Retirer
security-remove-what = Retirer { $what }
security-no-factors = Vous n’en avez configuré aucune. Avec une deuxième étape, votre mot de passe seul n’ouvre rien.
security-add-key = Ajouter une clé d’accès
security-add-app = Ajouter une application d’authentification
security-codes-left =
    { $number ->
        [0] Il n’en reste aucun.
        [one] Il en reste un.
       *[other] Il en reste { $number }.
    }
security-new-codes = Créer de nouveaux codes
security-password-elsewhere = Votre mot de passe est conservé dans l’annuaire de votre organisation. Changez-le là-bas.
security-password-confirm = Vous pourrez le changer après avoir confirmé que c’est bien vous.
security-password-ends = Toutes les autres sessions prennent fin avec l’ancien mot de passe.
security-change-password = Changer le mot de passe
sessions-tab = Sessions
sessions-title = Où vous êtes connecté
sessions-lead = Déconnectez-vous partout où vous ne reconnaissez pas quelque chose. Les applications y perdent leur accès.
sessions-unknown = Navigateur inconnu
sessions-this = (ce navigateur)
sessions-since = connecté le { $at }
sessions-end-what = Se déconnecter de { $what }
sessions-end-others = Se déconnecter partout ailleurs
applications-tab = Applications
applications-title = Applications ayant un accès
applications-lead = Ce que vous avez autorisé. Ce que vous retirez prend fin aussitôt ; l’application redemandera à la prochaine utilisation.
applications-none = Vous n’avez rien autorisé à aucune application.
applications-since = depuis le { $at }
applications-withdraw = Retirer
applications-withdraw-what = Retirer ce que { $what } peut faire
events-tab = Événements
events-title = Ce qui s’est passé récemment
events-lead = Si quelque chose ne vient pas de vous, changez votre mot de passe et prévenez vos administrateurs.
event-login = Mot de passe accepté
event-login-failed = Un mot de passe erroné a été essayé
event-session-ended = Déconnexion
event-password-changed = Mot de passe changé
event-password-reset = Mot de passe réinitialisé par un administrateur
event-factor-added = Deuxième étape ajoutée
event-factor-removed = Deuxième étape retirée
event-factor-refused = Un code ou une clé erronés ont été essayés
event-factors-reset = Deuxièmes étapes retirées par un administrateur
event-codes-made = Codes de secours créés
event-code-used = Code de secours utilisé
event-consent-given = Accès autorisé
event-consent-withdrawn = Accès retiré
event-disabled = Compte désactivé
event-enabled = Compte activé
event-linked = Compte lié à un autre fournisseur

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
