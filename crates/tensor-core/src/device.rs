//! Where tensors live. A device is a backend that everyone who uses it shares.
use crate::{Backend, Error, Result, cpu::Cpu, threads};
use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// A place that holds tensors and computes with them. Cheap to clone; two are equal when they are the same device.
#[derive(Clone)]
pub struct Device(Arc<dyn Backend>);

/// How a crate with a backend finds its devices: `open("cuda:1")`, or `None` where the name is not its own.
pub type OpenDevice = fn(&str) -> Option<Result<Device>>;

static OPENERS: Mutex<Vec<OpenDevice>> = Mutex::new(Vec::new());

impl Device {
    /// The processor this program runs on.
    pub fn cpu() -> Device {
        static CPU: OnceLock<Device> = OnceLock::new();
        CPU.get_or_init(|| {
            threads::start();
            Device::new(Cpu)
        })
        .clone()
    }

    /// A device over a backend of any crate.
    pub fn new(backend: impl Backend) -> Device {
        Device(Arc::new(backend))
    }

    /// What computes here.
    pub fn backend(&self) -> &dyn Backend {
        &*self.0
    }

    /// Whether this is [`Device::cpu`].
    pub fn is_cpu(&self) -> bool {
        *self == Device::cpu()
    }

    /// Lets `"cuda:0".parse::<Device>()` find the devices of another crate.
    pub fn register(open: OpenDevice) {
        OPENERS.lock().unwrap_or_else(PoisonError::into_inner).push(open);
    }

    /// Waits until everything asked of this device has been computed.
    pub fn synchronize(&self) -> Result<()> {
        self.0.synchronize()
    }
}

impl std::str::FromStr for Device {
    type Err = Error;
    fn from_str(name: &str) -> Result<Device> {
        if name == "cpu" {
            return Ok(Device::cpu());
        }
        let openers = OPENERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        openers.iter().find_map(|open| open(name)).unwrap_or_else(|| {
            Err(Error::new("device", format!("unknown device {name:?}"))
                .hint("this build knows \"cpu\"; other devices come with the crate that drives them"))
        })
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Device) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0))
    }
}
impl Eq for Device {}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.0.name())
    }
}
