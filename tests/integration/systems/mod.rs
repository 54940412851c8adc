//! The examples of time, of messages and of many clients, with a Python program at the other end, or one that does the same.

mod both_ends;
mod multiprocessing;
mod multiprocessing_attacks;
mod ntp;
mod peers;
mod time;
