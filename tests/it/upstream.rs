//! Logins by way of another provider: the round, attackers on each of its steps, outages, and who somebody is afterwards.

mod attacks;
mod fixture;
mod linking;
mod logout;
mod outage;
mod provider;
mod real_provider;
mod requests;
mod round;
