//! Who is meant: a username in a store, or a subject.

use super::{WhoArgs, shown};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::store::Store;
use crate::store::records::Person;
use anyhow::bail;

/// More stores than this are not listed in an error.
const LISTED: u32 = 20;

/// The store that is named, or the only local one.
pub async fn store_of(store: &dyn Store, named: Option<&str>) -> anyhow::Result<UserStoreId> {
    if let Some(named) = named {
        return Ok(UserStoreId::new(named));
    }
    let mut known = store.local_stores(LISTED).await?;
    match (known.pop(), known.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => bail!(
            "there is no local user in this database yet, so the UserStore is not known: name it with --store NAMESPACE/NAME, \
             as the AuthServer's userStoreRef does"
        ),
        (Some(last), false) => {
            known.push(last);
            let names: Vec<&str> = known.iter().map(UserStoreId::as_str).collect();
            bail!("there are several local UserStores: name one with --store ({})", names.join(", "))
        }
    }
}

/// The person that the arguments name.
pub async fn person(store: &dyn Store, args: &WhoArgs) -> anyhow::Result<Person> {
    // Subjects are UUIDs. Whoever is called like one is found by --store.
    let is_subject = args.store.is_none() && uuid::Uuid::try_parse(&args.who).is_ok();
    if is_subject && let Some(person) = store.person(&UserId::new(args.who.as_str())).await? {
        return Ok(person);
    }
    let place = store_of(store, args.store.as_deref()).await?;
    let found = match store.user_by_name(&place, args.who.trim()).await? {
        Some(user) => store.person(&user.id).await?,
        None => None,
    };
    match found {
        Some(person) => Ok(person),
        None => bail!(
            "nobody in UserStore {place} is called {}. `nauthera user list` shows who there is; people of a directory are named by their subject",
            shown(&args.who)
        ),
    }
}
