//! Choosing a device.
use tensor_core::Device;

/// Adds `Device::best()`.
pub trait BestDevice {
    /// The fastest device of this machine: a GPU where there is one and this build can drive it, else the processor.
    ///
    /// ```
    /// use flambeau::prelude::*;
    /// let device = Device::best();
    /// # assert!(device.is_cpu());
    /// ```
    fn best() -> Device;
}

impl BestDevice for Device {
    fn best() -> Device {
        Device::cpu()
    }
}
