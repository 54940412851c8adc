//! The command servers and their clients: each end of each conversation with a Python program at the other, whole and hostile.

mod binding;
mod client;
mod client_replies;
mod ending;
mod group;
mod hmac;
mod hmac_attacks;
mod leaving;
mod output;
mod peers;
