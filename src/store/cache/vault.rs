//! What a cache must not learn.

use zeroize::Zeroizing;

/// Gives names that tell nothing, and seals what lies under them, with a key that all servers of one database have. `None`: there is no key yet.
pub trait Vault: Send + Sync {
    /// The name of a thing of this kind, the same at each server. Nobody without the key can tell what it names.
    fn name(&self, kind: &str, id: &[u8]) -> Option<String>;
    /// Encrypts what is to lie under a name.
    fn seal(&self, name: &str, plain: &[u8]) -> Option<Vec<u8>>;
    /// What was sealed for this name; `None` as well if it was altered, or lay elsewhere.
    fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}
