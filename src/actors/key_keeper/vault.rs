//! What lies in a shared cache is sealed with a key that goes with those that the keeper publishes.

use super::KeyReader;
use crate::store::cache::Vault;
use zeroize::Zeroizing;

impl Vault for KeyReader {
    fn name(&self, kind: &str, id: &[u8]) -> Option<String> {
        Some(self.current().cache()?.name(kind, id))
    }

    fn seal(&self, name: &str, plain: &[u8]) -> Option<Vec<u8>> {
        self.current().cache()?.seal(name, plain)
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.current().cache()?.open(name, sealed)
    }
}
