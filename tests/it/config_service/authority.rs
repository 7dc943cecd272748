//! An authority that issues certificates, as cert-manager or the operator does.

use nauthera::grpc::identity::Pem;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};

/// Signs certificates for either side.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for this name, to be used with those of the same authority.
    pub fn issue(&self, name: &str) -> Pem {
        self.signed(params(name))
    }

    /// One that was good once.
    pub fn issue_expired(&self, name: &str) -> Pem {
        let mut params = params(name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 4, 1);
        self.signed(params)
    }

    /// One that only serves to prove what a server is.
    pub fn issue_for_servers_only(&self, name: &str) -> Pem {
        let mut params = params(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.signed(params)
    }

    fn signed(&self, params: CertificateParams) -> Pem {
        let key = KeyPair::generate().unwrap();
        Pem {
            certificate: params.signed_by(&key, &self.0).unwrap().pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
            authorities: self.0.pem().into_bytes(),
        }
    }
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}
