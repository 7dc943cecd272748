"""An authenticator app on PyOTP: reads an otpauth address, and prints the codes of this and of the next half minute."""
import sys
import time

import pyotp

app = pyotp.parse_uri(sys.argv[1])
now = int(time.time())
print(app.issuer, app.name, app.at(now), app.at(now + 30), sep="\n")
