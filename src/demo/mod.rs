//! A small relying party on its own port, written with the maintained crate `openidconnect`: it shows a newcomer the login round and the
//! tokens that come of it. `nauthera dev` starts it. It knows the server only by its issuer URL and imports nothing of ours.
