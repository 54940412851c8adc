//! The numbers of connections and requests, which say which process they belong to.

/// The lower bits count within one process, and the others say which. A process that took in a hundred thousand a second would come
/// round after four months, and then begins its own numbers again, not those of another.
const COUNT_BITS: u32 = 40;

/// So many worker processes have a number each, before the first one's is given again: long after that one has ended.
const WORKERS: u32 = (1 << (u64::BITS - COUNT_BITS)) - 1;

/// Of the worker process before which so many others were forked. Never 0: that is the parent's.
pub(crate) fn of_worker(before: u32) -> u32 {
    1 + before % WORKERS
}

/// Of the connection or request before which so many others were counted, in this process.
pub(crate) fn of_request(process: u32, count: u64) -> u64 {
    (u64::from(process) << COUNT_BITS) | (count & ((1 << COUNT_BITS) - 1))
}

/// In which process a connection is, or was.
pub(crate) fn process_of(id: u64) -> u32 {
    (id >> COUNT_BITS) as u32 // the others fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_requests_a_process_counts_their_numbers_are_its_own() {
        for process in [0, 1, 2, 77, of_worker(u32::MAX), WORKERS] {
            for count in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 40) - 1, 1 << 40, u64::MAX] {
                assert_eq!(process_of(of_request(process, count)), process, "{count}");
            }
        }
        assert_ne!(of_request(1, 1 << 32), of_request(2, 0));
        assert_eq!(of_request(0, 5), 5, "where there are no processes they are small");
    }

    #[test]
    fn no_worker_has_the_number_of_the_parent_or_of_one_before_it() {
        let numbers = [0, 1, 2, WORKERS - 1].map(of_worker);
        assert_eq!(numbers, [1, 2, 3, WORKERS]);
        assert_eq!(of_worker(WORKERS), 1, "the first has ended long ago");
        assert!([u32::MAX - 1, u32::MAX].iter().all(|before| of_worker(*before) > 0));
    }
}
