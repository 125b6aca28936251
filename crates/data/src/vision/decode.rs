//! Files of pictures as tensors: JPEG, PNG, BMP, GIF (its first frame), WebP and PNM, told apart by their first bytes.
//! A file never makes the reader allocate more than a file of its length can hold.
use super::{jpeg, picture::Picture};
use image::{DynamicImage, ImageDecoder, ImageFormat, Limits, metadata::Orientation};
use std::{fs, io::Cursor, path::Path};
use tensor_core::{Error, ErrorKind, Result, Tensor};

const OP: &str = "decode_image";

/// Which channels a picture gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageMode {
    /// 3 channels, as Pillow's `convert("RGB")` makes them: grey is repeated, alpha is dropped (not blended), CMYK is
    /// converted without a profile. Of 16 bits the upper 8 are kept; grey of 16 bits is cut at 255, as in Pillow.
    #[default]
    Rgb,
    /// 1 channel, as Pillow's `convert("L")`.
    Gray,
    /// 4 channels; alpha is 255 where the file has none.
    Rgba,
    /// As many as the file has: 1, 2 (grey and alpha), 3 or 4.
    Unchanged,
}

/// Settings of [`decode_image`] and [`read_image`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// Which channels.
    pub mode: ImageMode,
    /// Turns the picture upright where the file says how the camera was held. Off unless set, as in Pillow and
    /// torchvision: the pixels as they are stored.
    pub apply_exif_orientation: bool,
    /// Larger pictures are refused.
    pub max_pixels: usize,
}

impl Default for DecodeOptions {
    fn default() -> DecodeOptions {
        // Pillow's limit against decompression bombs.
        DecodeOptions { mode: ImageMode::Rgb, apply_exif_orientation: false, max_pixels: 178_956_970 }
    }
}

/// The picture in a file, `u8[channels, height, width]`.
///
/// ```no_run
/// # use data::vision::{DecodeOptions, read_image};
/// # fn main() -> tensor_core::Result<()> {
/// let image = read_image("data/train/kayak/7.jpg", &DecodeOptions::default())?;
/// assert_eq!(image.shape()[0], 3);
/// # Ok(()) }
/// ```
pub fn read_image(path: impl AsRef<Path>, options: &DecodeOptions) -> Result<Tensor> {
    read(path.as_ref(), options)?.tensor()
}

pub(super) fn read(path: &Path, options: &DecodeOptions) -> Result<Picture> {
    let named = |e: Error| e.renamed("read_image").about(path.display());
    let bytes = fs::read(path).map_err(|e| named(e.into()))?;
    decode(&bytes, options).map_err(named)
}

/// The picture in the bytes of a file, `u8[channels, height, width]`.
pub fn decode_image(bytes: &[u8], options: &DecodeOptions) -> Result<Tensor> {
    decode(bytes, options)?.tensor()
}

fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Picture> {
    let format = image::guess_format(bytes).map_err(|_| {
        let start = &bytes[..bytes.len().min(8)];
        broken(format!("not a picture of a known format: {} bytes that begin with {start:?}", bytes.len()))
            .hint("JPEG, PNG, BMP, GIF, WebP and PNM are known")
    })?;
    let (picture, orientation) = match format {
        ImageFormat::Jpeg => jpeg(bytes, options)?,
        other => any(bytes, other, options)?,
    };
    let picture = match options.apply_exif_orientation {
        true => upright(picture, orientation),
        false => picture,
    };
    Ok(match (options.mode, picture.channels()) {
        (ImageMode::Unchanged, _) | (ImageMode::Rgb, 3) | (ImageMode::Gray, 1) | (ImageMode::Rgba, 4) => picture,
        (ImageMode::Rgb, 4) => picture.take_channels(3),
        (ImageMode::Rgb, _) => picture.spread(3),
        (ImageMode::Gray, 3) => picture.grey(),
        (ImageMode::Gray, 4) => picture.take_channels(3).grey(),
        (ImageMode::Gray, _) => picture.take_channels(1),
        (ImageMode::Rgba, _) => picture.with_alpha(),
    })
}

fn broken(why: impl Into<String>) -> Error {
    Error::new(OP, why).kind_of(ErrorKind::Io)
}

/// Refuses sizes that no file of so many bytes can have, before anything is allocated for them.
fn check(width: usize, height: usize, bytes: usize, format: ImageFormat, options: &DecodeOptions) -> Result<()> {
    let pixels = width.saturating_mul(height);
    if pixels == 0 {
        return Err(broken(format!("a picture of {width}x{height} pixels")));
    }
    if pixels > options.max_pixels {
        return Err(broken(format!("{width}x{height} pixels are more than {}", options.max_pixels))
            .hint("raise DecodeOptions::max_pixels if the file can be trusted"));
    }
    // Deflate packs at most 1032 to 1, and a byte may be 8 pixels; the others pack less, but for WebP, where a picture
    // of one colour takes no bits for its pixels.
    let most = bytes.saturating_mul(1032 * 8).saturating_add(1 << 16);
    if pixels > most && format != ImageFormat::WebP {
        return Err(broken(format!("{width}x{height} pixels cannot be in {bytes} bytes")));
    }
    Ok(())
}

/// An error on its way out of the JPEG decoder.
struct Failure(Error);

impl From<&'static str> for Failure {
    fn from(why: &'static str) -> Failure {
        Failure(broken(format!("the JPEG cannot be read: {why}")))
    }
}

fn jpeg(bytes: &[u8], options: &DecodeOptions) -> Result<(Picture, Orientation)> {
    let accepts = |width, height| check(width, height, bytes.len(), ImageFormat::Jpeg, options).map_err(Failure);
    let decoded = jpeg::decode(bytes, accepts).map_err(|Failure(e)| e)?;
    let orientation = decoded.exif.as_deref().and_then(Orientation::from_exif_chunk);
    let picture = Picture::new(OP, decoded.pixels, [decoded.height, decoded.width, decoded.channels])?;
    Ok((picture, orientation.unwrap_or(Orientation::NoTransforms)))
}

fn any(bytes: &[u8], format: ImageFormat, options: &DecodeOptions) -> Result<(Picture, Orientation)> {
    let failed = |e: image::ImageError| broken(format!("the {format:?} is truncated or damaged: {e}"));
    let mut reader = image::ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(options.max_pixels.saturating_mul(16) as u64);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    check(width as usize, height as usize, bytes.len(), format, options)?;
    // A picture without the tag, or with a damaged one, is upright.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let decoded = DynamicImage::from_decoder(decoder).map_err(failed)?;
    let upper = |values: &[u16]| values.iter().map(|&v| (v >> 8) as u8).collect::<Vec<u8>>();
    let (channels, pixels) = match decoded {
        DynamicImage::ImageLuma8(p) => (1, p.into_raw()),
        DynamicImage::ImageLumaA8(p) => (2, p.into_raw()),
        DynamicImage::ImageRgb8(p) => (3, p.into_raw()),
        DynamicImage::ImageRgba8(p) => (4, p.into_raw()),
        DynamicImage::ImageLuma16(p) => (1, p.iter().map(|&v| v.min(255) as u8).collect()),
        DynamicImage::ImageLumaA16(p) => (2, upper(&p)),
        DynamicImage::ImageRgb16(p) => (3, upper(&p)),
        DynamicImage::ImageRgba16(p) => (4, upper(&p)),
        other => return Err(broken(format!("pixels of {:?} are not bytes", other.color()))),
    };
    Ok((Picture::new(OP, pixels, [height as usize, width as usize, channels])?, orientation))
}

fn upright(picture: Picture, orientation: Orientation) -> Picture {
    match orientation {
        Orientation::NoTransforms => picture,
        Orientation::FlipHorizontal => picture.hflip(),
        Orientation::FlipVertical => picture.vflip(),
        Orientation::Rotate180 => picture.turned(2),
        // These turn with the clock.
        Orientation::Rotate90 => picture.turned(3),
        Orientation::Rotate270 => picture.turned(1),
        Orientation::Rotate90FlipH => picture.transposed(),
        Orientation::Rotate270FlipH => picture.transposed().turned(2),
    }
}
