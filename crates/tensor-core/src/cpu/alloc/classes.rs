//! Size classes: steps of 64 bytes up to 512, then eight steps to each doubling, so that at most an eighth is wasted.

/// Classes reach this many doublings of 512 bytes (2^47 bytes: all a process can address).
const DOUBLINGS: usize = 38;
/// The number of classes.
pub(super) const CLASSES: usize = 8 + 8 * DOUBLINGS;
/// Classes below this one (blocks up to 256 KiB) are cached by threads.
pub(super) const LOCAL_CLASSES: usize = 8 + 8 * 9;

/// The smallest class that holds `len` bytes, not 0; `None` where no class does.
pub(super) fn class_of(len: usize) -> Option<usize> {
    if len <= 512 {
        return Some((len - 1) / 64);
    }
    let doubling = (len - 1).ilog2() as usize;
    let step = (len - 1 - (1 << doubling)) >> (doubling - 3);
    let class = 8 + (doubling - 9) * 8 + step;
    (class < CLASSES).then_some(class)
}

/// The bytes of a block of this class.
pub(super) fn size_of_class(class: usize) -> usize {
    if class < 8 {
        return (class + 1) * 64;
    }
    let (doubling, step) = ((class - 8) / 8 + 9, (class - 8) % 8);
    (1 << doubling) + ((step + 1) << (doubling - 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_holds_what_it_should_and_not_much_more() {
        for len in (1..5000).chain([1 << 20, (1 << 20) + 1, (64 << 20) - 1, 64 << 20, 1 << 40]) {
            let class = class_of(len).expect("small enough");
            let size = size_of_class(class);
            assert!(size >= len && size.is_multiple_of(64), "{len} in {size}");
            assert!(size <= len + (len / 8).max(63), "{len} in {size}");
            assert!(class == 0 || size_of_class(class - 1) < len);
        }
        assert_eq!(size_of_class(LOCAL_CLASSES - 1), 256 << 10);
        assert_eq!(class_of(usize::MAX), None);
    }
}
