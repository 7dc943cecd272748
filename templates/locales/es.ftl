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
