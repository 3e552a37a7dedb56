//! libffi's descriptions of our types, and the prepared call interface (`ffi_cif`) made of them.

use std::cell::UnsafeCell;
use std::ptr::addr_of_mut;

use ferrule_abi::{Representation, Signature};
use libffi::low::{self, ffi_cif, ffi_type, types};

/// libffi cannot describe the signature: it has too many parameters for the C interface.
#[derive(Debug, thiserror::Error)]
#[error("libffi cannot prepare the signature: {0:?}")]
pub struct PrepareError(low::Error);

/// A call interface that libffi has prepared, with everything it points at.
///
/// libffi takes it by mutable pointer but only reads it once it is prepared, from any number of calls at a time.
pub struct CallInterface {
    cif: UnsafeCell<ffi_cif>,
    /// What `cif.arg_types` points at; never touched again.
    _parameters: Box<[*mut ffi_type]>,
}

// SAFETY: after `prepare` nothing writes to either field, and the types they point at are libffi's own immutable statics.
unsafe impl Send for CallInterface {}
// SAFETY: as for `Send`.
unsafe impl Sync for CallInterface {}

impl CallInterface {
    /// Has libffi work out where the signature's arguments go.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] when libffi refuses.
    pub fn prepare(signature: &Signature) -> Result<Self, PrepareError> {
        let mut parameters: Box<[_]> = signature.parameters.iter().map(|ty| describe(ty.representation())).collect();
        let cif = UnsafeCell::new(ffi_cif::default());
        // SAFETY: `cif` may be written, `parameters` has as many elements as said and lives (on the heap, unmoved) as long as the
        // result, and all descriptions are libffi's statics.
        unsafe {
            low::prep_cif(
                cif.get(),
                low::ffi_abi_FFI_DEFAULT_ABI,
                parameters.len(),
                describe(signature.result.representation()),
                parameters.as_mut_ptr(),
            )
        }
        .map_err(PrepareError)?;
        Ok(Self { cif, _parameters: parameters })
    }

    pub(crate) fn as_ptr(&self) -> *mut ffi_cif {
        self.cif.get()
    }
}

fn describe(representation: Representation) -> *mut ffi_type {
    match representation {
        Representation::Void => addr_of_mut!(types::void),
        Representation::Int8 => addr_of_mut!(types::sint8),
        Representation::Uint8 => addr_of_mut!(types::uint8),
        Representation::Int16 => addr_of_mut!(types::sint16),
        Representation::Uint16 => addr_of_mut!(types::uint16),
        Representation::Int32 => addr_of_mut!(types::sint32),
        Representation::Uint32 => addr_of_mut!(types::uint32),
        Representation::Int64 => addr_of_mut!(types::sint64),
        Representation::Uint64 => addr_of_mut!(types::uint64),
        Representation::Float32 => addr_of_mut!(types::float),
        Representation::Float64 => addr_of_mut!(types::double),
        Representation::Pointer => addr_of_mut!(types::pointer),
    }
}
