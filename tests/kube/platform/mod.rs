//! The whole platform as people run it: `helm install` on a real node, servers as Pods, PostgreSQL beside the cluster, cert-manager in it.

mod installation;
mod load;
mod person;
mod server;

mod cluster_wide;
mod cut_link;
mod drift;
mod killed_in_a_push;
mod namespace_deletion;
mod one_namespace;
mod operator_gone;
mod policy_change;
mod renewed_certificates;
mod rolling_upgrade;
mod rotation;
