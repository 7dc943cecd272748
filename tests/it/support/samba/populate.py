# The people and groups of the tests' Active Directory, written into its database before it serves.
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

conf, database, password = sys.argv[1:]
lp = LoadParm()
lp.load(conf)
sam = SamDB(url=database, session_info=system_session(), lp=lp)
# The normal account (0x200) and its flags: disabled (2), password never expires (0x10000).
NORMAL, DISABLED, LASTING = 0x200, 0x2, 0x10000
OLD = "134000000000000000"


def below(folder, name):
    dn = ldb.Dn(sam, "CN=x,OU=%s,%s" % (folder, sam.domain_dn()))
    dn.set_component(0, "CN", name)
    return dn


def person(account, name=None, control=NORMAL | LASTING, **more):
    entry = {"dn": below("people", name or account), "objectClass": "user", "sAMAccountName": account, "userAccountControl": str(control)}
    if password_of.get(account, True):
        entry["unicodePwd"] = ('"%s"' % password).encode("utf-16-le")
    entry.update(more)
    sam.add(entry)
    return str(entry["dn"])


def group(name, members):
    dn = below("groups", name)
    sam.add({"dn": dn, "objectClass": "group", "sAMAccountName": name.replace(",", ""), "member": members})
    return str(dn)


password_of = {}
sam.transaction_start()
sam.modify_ldif("dn: %s\nchangetype: modify\nreplace: pwdProperties\npwdProperties: 0\n-\nreplace: lockoutThreshold\nlockoutThreshold: 5\n" % sam.domain_dn())
for folder in ["people", "groups", "crowd"]:
    sam.add({"dn": "OU=%s,%s" % (folder, sam.domain_dn()), "objectClass": "organizationalUnit"})
person("reader")
alice = person("alice", mail="alice@example.org", displayName="Alice Ångström", givenName="Alice", sn="Ångström")
odd = person("jörg", 'Müller, Jörg "JM" + Söhne; <x> #1\\2')
person("disabled", control=NORMAL | LASTING | DISABLED)
person("over", accountExpires=OLD)
person("mustchange", control=NORMAL, pwdLastSet="0")
expired = person("expired", control=NORMAL)
for name in ["locked", "renamed", "leaver", "suspended"]:
    person(name)
staff = group("staff", [alice, odd])
engineering = group("engineering", [staff])
group("platform, core", [engineering])
crowd = "OU=crowd,%s" % sam.domain_dn()
for number in range(1200):
    sam.add({"dn": "CN=crowd%04d,%s" % (number, crowd), "objectClass": "user", "sAMAccountName": "crowd%04d" % number})
sam.transaction_commit()
# When a password was set is written by the directory itself, but for this control of Samba's own (DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID).
aged = ldb.Message(ldb.Dn(sam, expired))
aged["pwdLastSet"] = ldb.MessageElement(OLD, ldb.FLAG_MOD_REPLACE, "pwdLastSet")
sam.modify(aged, controls=["local_oid:1.3.6.1.4.1.7165.4.3.12:0"])
