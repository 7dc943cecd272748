language-name = Español
tagline = Un solo inicio de sesión para todas sus aplicaciones.

login-title = Iniciar sesión
login-to-client = para continuar en { $client }
login-to-account = en su cuenta
login-again = Confirme que es usted.
login-username = Nombre de usuario
login-password = Contraseña
login-submit = Iniciar sesión
login-failed-title = No ha funcionado
login-failed = El nombre de usuario o la contraseña no es correcto. Compruebe ambos e inténtelo de nuevo.
login-expired-title = Hay que cambiar su contraseña
login-expired = Es correcta, pero ha caducado o hay que cambiarla antes del primer uso. Cámbiela donde suele hacerlo, por ejemplo en su ordenador de trabajo, e inicie sesión aquí con la nueva.
login-missing = Escriba su nombre de usuario y su contraseña.
login-throttled-title = Demasiados intentos
login-throttled =
    { $seconds ->
        [one] Espere un segundo e inténtelo de nuevo.
       *[other] Espere { $seconds } segundos e inténtelo de nuevo.
    }
login-unavailable-title = No es posible en este momento
login-unavailable = Ahora mismo no se pueden comprobar las contraseñas. Su cuenta no tiene ningún problema. Inténtelo de nuevo en breve.
login-with = Continuar con { $provider }
login-provider-denied = { $provider } no ha iniciado su sesión. Inténtelo de nuevo o entre de otra manera.
login-provider-failed = No se pudo comprobar la respuesta de { $provider }, así que no ha iniciado sesión. Empiece de nuevo desde aquí. Si vuelve a ocurrir, avise a sus administradores.
login-provider-unavailable = { $provider } no responde en este momento. Su cuenta está bien. Inténtelo de nuevo en un momento.
login-provider-stale = La aplicación quiere que demuestre de nuevo quién es, y { $provider } no se lo ha pedido. Cierre antes la sesión allí o entre de otra manera.
login-provider-not-allowed = { $provider } le conoce, pero no puede iniciar sesión aquí. Pida acceso a sus administradores.

or = o
login-passkey = Iniciar sesión con una llave de acceso
key-needs-script = Las llaves de acceso y de seguridad necesitan JavaScript. Permítalo en este sitio o elija otra forma.
key-not-here = Sus llaves de acceso no se pueden usar en esta dirección.
key-problem = Su dispositivo no dio ninguna respuesta utilizable. Inténtelo de nuevo o elija otra forma.

factor-title = Confirme que es usted
factor-lead = Su cuenta está protegida por un segundo paso.
factor-use-key = Usar una llave de acceso o de seguridad
factor-code = Código
factor-code-help = Los seis dígitos que muestra ahora su aplicación de autenticación.
factor-code-or-recovery = Los seis dígitos que muestra ahora su aplicación de autenticación, o uno de sus códigos de recuperación.
factor-recovery = Código de recuperación
factor-recovery-help = Uno de los códigos que anotó al configurarlo.
factor-submit = Continuar
factor-remember =
    { $days ->
        [one] No volver a preguntar en este navegador durante un día
       *[other] No volver a preguntar en este navegador durante { $days } días
    }
factor-missing = Escriba un código.
factor-failed = El código no es correcto o ya se usó. Espere al siguiente e inténtelo de nuevo.
factor-key-failed = Esta llave no se puede usar aquí. Inténtelo de nuevo o elija otra forma.
factor-key-copied = Puede que esta llave haya sido copiada, por lo que fue rechazada. Elija otra forma y quite la llave de su cuenta.
factor-name-app = Aplicación de autenticación
factor-name-key = Llave de acceso o de seguridad

setup-title = Proteja su cuenta
setup-lead = Necesita un segundo paso para continuar. Elija uno:
setup-key-what = Su huella, su cara o el PIN de su dispositivo o de una llave de seguridad. No se puede suplantar.
setup-app-what = Una aplicación de su teléfono muestra un código nuevo cada medio minuto.
setup-impossible = Ninguna de las formas permitidas se puede usar en esta dirección. Consulte a sus administradores.
setup-full = No se puede añadir: ya está registrado o tiene demasiados. Quite uno primero.
setup-name = Nombre, para distinguirlo
setup-app-title = Configurar una aplicación de autenticación
setup-app-scan = Escanee este código con la aplicación.
setup-app-qr = Código QR para la aplicación de autenticación
setup-app-type = Si no puede escanearlo, escriba esto en la aplicación:
setup-app-open = Abrir una aplicación en este dispositivo
setup-app-code = Código que muestra la aplicación
setup-app-submit = Confirmar
setup-key-title = Configurar una llave de acceso
setup-key-lead = Su navegador le pedirá su huella, su cara o un PIN. También sirve una llave de seguridad.
setup-key-submit = Crear una llave de acceso
recovery-title = Sus códigos de recuperación
recovery-lead = Anótelos o imprímalos y guárdelos donde los encuentre sin su teléfono.
recovery-once = Cada uno sirve una vez, en lugar de su segundo paso. No se volverán a mostrar.
recovery-done = Los he guardado
account-back = Volver a su cuenta
new-password-title = Elija una contraseña nueva
new-password-intro = La contraseña que usted, { $name }, acaba de usar la estableció otra persona. Elija una que solo usted conozca.
new-password-new = Contraseña nueva
new-password-again = Contraseña nueva, otra vez
new-password-hint =
    { $characters ->
        [one] Al menos un carácter. Unas cuantas palabras seguidas son fáciles de recordar y difíciles de adivinar.
       *[other] Al menos { $characters } caracteres. Unas cuantas palabras seguidas son fáciles de recordar y difíciles de adivinar.
    }
new-password-submit = Guardar y continuar
new-password-problem-title = Esta contraseña no sirve
new-password-missing = Escriba la contraseña nueva en los dos campos.
new-password-differs = Los dos campos no contienen la misma contraseña. Escríbala de nuevo.
new-password-too-short =
    { $characters ->
        [one] Es demasiado corta. Necesita al menos un carácter.
       *[other] Es demasiado corta. Necesita al menos { $characters } caracteres.
    }
new-password-too-long = Es demasiado larga. Elija una de 1024 bytes como máximo.
new-password-common = Es una de las que se adivinan primero. Elija una que no se le ocurra a nadie.
new-password-personal = Contiene su nombre, su dirección de correo electrónico o el nombre de este servicio. Elija una que no diga nada de usted.
new-password-same = Es la contraseña que acaba de usar. Elija otra.

consent-title = ¿Permitir { $client }?
consent-intro = { $client } pide usar su cuenta { $name }. La aplicación podrá:
scope-openid = Saber quién es usted
scope-profile = Ver su nombre y su nombre de usuario
scope-email = Ver su dirección de correo electrónico
scope-groups = Ver a qué grupos pertenece
scope-offline-access = Conservar este acceso mientras usted no está
scope-other = Usar este permiso:
consent-destination = Después irá a { $host }.
consent-allow = Permitir
consent-deny = No permitir

continue-title = Ya casi está
continue-text = Está volviendo a { $client }. Si no ocurre nada, pulse el botón.
continue-submit = Continuar

logout-title = ¿Cerrar sesión?
logout-as = Ha iniciado sesión como { $name }.
logout-text = Tendrá que iniciar sesión de nuevo para usar sus aplicaciones.
logout-submit = Cerrar sesión
logout-cancel = Seguir conectado
logged-out-title = Ha cerrado la sesión
logged-out-text = Ya puede cerrar esta ventana.
logged-out-again = Iniciar sesión de nuevo
logged-out-elsewhere = Es posible que siga con la sesión iniciada en { $provider }.
logged-out-there = Cerrar también la sesión en { $provider }

account-title = Su cuenta
account-tab = Perfil
account-username = Nombre de usuario
account-name = Nombre completo
account-given-name = Nombre
account-family-name = Apellidos
account-email = Dirección de correo
account-groups = Grupos
account-who-changes = Si algo aquí no es correcto, consulte a sus administradores: ellos lo mantienen.
security-tab = Seguridad
security-title = Contraseña y segundo paso
security-confirm = Para cambiar algo aquí, confirme otra vez que es usted.
security-confirm-submit = Confirmar que es usted
security-factors = Segundo paso
security-since = desde { $at }
security-used = usado por última vez { $at }
security-remove = Quitar
security-remove-what = Quitar { $what }
security-no-factors = No ha configurado ninguno. Con uno, su contraseña por sí sola no abre nada.
security-add-key = Añadir una llave de acceso
security-add-app = Añadir una aplicación de autenticación
security-codes-left =
    { $number ->
        [0] No queda ninguno.
        [one] Queda uno.
       *[other] Quedan { $number }.
    }
security-new-codes = Crear códigos nuevos
security-password-elsewhere = Su contraseña está en el directorio de su organización. Cámbiela allí.
security-password-confirm = Podrá cambiarla después de confirmar que es usted.
security-password-ends = Todas las demás sesiones terminan con la contraseña anterior.
security-change-password = Cambiar la contraseña
sessions-tab = Sesiones
sessions-title = Dónde ha iniciado sesión
sessions-lead = Cierre la sesión donde no reconozca algo. Las aplicaciones pierden allí su acceso.
sessions-unknown = Navegador desconocido
sessions-this = (este navegador)
sessions-since = iniciada el { $at }
sessions-end-what = Cerrar la sesión de { $what }
sessions-end-others = Cerrar todas las demás sesiones
applications-tab = Aplicaciones
applications-title = Aplicaciones con acceso
applications-lead = Lo que usted permitió. Lo que retire termina de inmediato; la aplicación volverá a preguntar la próxima vez.
applications-none = No ha permitido nada a ninguna aplicación.
applications-since = desde { $at }
applications-withdraw = Retirar
applications-withdraw-what = Retirar lo que { $what } puede hacer
events-tab = Actividad
events-title = Lo que ha pasado últimamente
events-lead = Si algo no fue usted, cambie su contraseña y avise a sus administradores.
event-login = Contraseña aceptada
event-login-failed = Se probó una contraseña incorrecta
event-session-ended = Sesión cerrada
event-password-changed = Contraseña cambiada
event-password-reset = Contraseña restablecida por un administrador
event-factor-added = Segundo paso añadido
event-factor-removed = Segundo paso quitado
event-factor-refused = Se probó un código o una llave incorrectos
event-factors-reset = Segundos pasos quitados por un administrador
event-codes-made = Códigos de recuperación creados
event-code-used = Código de recuperación usado
event-consent-given = Acceso permitido
event-consent-withdrawn = Acceso retirado
event-disabled = Cuenta desactivada
event-enabled = Cuenta activada
event-linked = Cuenta vinculada con otro proveedor

start-title = Su cuenta
start-what = Aquí inicia sesión en sus aplicaciones. Abra una de ellas: le enviará aquí cuando necesite saber quién es usted.
start-signed-in = Ha iniciado sesión como { $name }.
start-signed-out = No ha iniciado sesión.

error-request-title = No se puede responder a la solicitud de la aplicación
error-request-help = Su cuenta no tiene ningún problema. Vuelva a la aplicación e inténtelo de nuevo. Si vuelve a ocurrir, envíe a sus responsables los detalles de abajo.
error-expired-title = Esta página ya no se puede usar
error-expired-help = Estuvo abierta demasiado tiempo o se abrió en otro navegador. Vuelva a la aplicación y empiece de nuevo.
error-cookies-title = Su navegador no envió ninguna cookie
error-cookies-help = Para iniciar sesión se necesitan cookies. Permítalas para este sitio, vuelva a la aplicación y empiece de nuevo.
error-form-title = Este formulario no se puede leer
error-form-help = Vuelva a la aplicación y empiece de nuevo.
error-missing-title = Esta página no existe
error-missing-help = Compruebe la dirección o vuelva a la aplicación de la que viene.
error-internal-title = Algo ha fallado por nuestra parte
error-internal-help = Inténtelo de nuevo en un momento. Si vuelve a ocurrir, avise a sus administradores e indíqueles el identificador de traza.
error-unavailable-title = No disponible en este momento
error-unavailable-help = Inténtelo de nuevo en un momento. Su cuenta no tiene ningún problema.
error-too-many-title = Demasiadas solicitudes
error-too-many-help = Han llegado muchísimas solicitudes desde su red en poco tiempo. Espere un momento e inténtelo de nuevo.
error-details = Detalles
error-code = Error
error-trace = Identificador de traza
