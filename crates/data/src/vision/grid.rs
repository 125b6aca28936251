//! Many pictures as one, and pictures as files.
use super::picture::Picture;
use image::{
    ExtendedColorType, ImageEncoder, codecs::bmp::BmpEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder,
};
use std::path::Path;
use tensor_core::{DType, Error, Result, Tensor};

/// Settings of [`make_grid`] and [`save_image`].
#[derive(Clone, Debug, PartialEq)]
pub struct MakeGridOptions {
    /// Pictures in a row; 8 unless set.
    pub nrow: usize,
    /// Pixels between them; 2 unless set.
    pub padding: usize,
    /// Stretches the values to 0..1.
    pub normalize: bool,
    /// From which values; the smallest and largest unless set.
    pub value_range: Option<(f64, f64)>,
    /// Stretches each picture by its own values.
    pub scale_each: bool,
    /// What is between the pictures; 0 unless set.
    pub pad_value: f64,
}

impl Default for MakeGridOptions {
    fn default() -> MakeGridOptions {
        MakeGridOptions { nrow: 8, padding: 2, normalize: false, value_range: None, scale_each: false, pad_value: 0.0 }
    }
}

/// A batch `[N, C, H, W]` (or one picture) as one picture of rows.
pub fn make_grid(images: &Tensor, options: &MakeGridOptions) -> Result<Tensor> {
    let wrong = |why: &str| Error::new("make_grid", why).operands([images]);
    let mut x = match images.dim() {
        2 => images.unsqueeze(0)?.unsqueeze(0)?,
        3 => images.unsqueeze(0)?,
        4 => images.clone(),
        _ => return Err(wrong("takes [N, C, H, W], [C, H, W] or [H, W]")),
    };
    if x.numel() == 0 {
        return Err(wrong("there is nothing to show"));
    }
    if options.nrow == 0 {
        return Err(wrong("nrow is 0"));
    }
    if x.size(1)? == 1 {
        x = Tensor::cat(&[&x, &x, &x], 1)?;
    }
    if options.normalize {
        x = stretched(&x, options)?;
    }
    let &[n, c, h, w] = x.shape() else { return Err(wrong("takes [N, C, H, W]")) };
    if n == 1 {
        return x.squeeze_dim(0);
    }
    let columns = options.nrow.min(n);
    let rows = n.div_ceil(columns);
    let p = options.padding;
    let mut grid =
        Tensor::full([c, (h + p) * rows + p, (w + p) * columns + p], options.pad_value)?.to_dtype(x.dtype())?;
    for i in 0..n {
        let (top, left) = ((i / columns) * (h + p) + p, (i % columns) * (w + p) + p);
        grid = super::functional::erase(&grid, top, left, &x.select(0, i as isize)?)?;
    }
    Ok(grid)
}

fn stretched(x: &Tensor, options: &MakeGridOptions) -> Result<Tensor> {
    let range = |x: &Tensor| -> Result<(f64, f64)> {
        match options.value_range {
            Some((low, high)) if low < high => Ok((low, high)),
            Some((low, high)) => Err(Error::new("make_grid", format!("value_range is {low}..{high}"))),
            None => Ok((x.amin()?.item()?, x.amax()?.item()?)),
        }
    };
    let one = |x: &Tensor| -> Result<Tensor> {
        let (low, high) = range(x)?;
        let clamped = x.clamp(Some(low.into()), Some(high.into()))?;
        (clamped - low)? / (high - low).max(1e-5)
    };
    if !options.scale_each {
        return one(x);
    }
    let each = (0..x.size(0)?).map(|i| one(&x.select(0, i as isize)?)).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&each.iter().collect::<Vec<_>>(), 0)
}

/// Writes a picture, or a batch as a grid, of floats 0 to 1 or of bytes: PNG, JPEG or BMP as the name ends.
///
/// ```no_run
/// # use data::vision::{MakeGridOptions, save_image};
/// # fn main() -> tensor_core::Result<()> {
/// let images = tensor_core::Tensor::rand([16, 3, 32, 32])?;
/// save_image(&images, "samples.png", &MakeGridOptions { nrow: 4, ..Default::default() })?;
/// # Ok(()) }
/// ```
pub fn save_image(images: &Tensor, path: impl AsRef<Path>, options: &MakeGridOptions) -> Result<()> {
    let grid = make_grid(images, options).map_err(|e| e.renamed("save_image"))?;
    write(&bytes(&grid)?, path.as_ref())
}

/// Floats of 0 to 1 as the nearest bytes.
pub(super) fn bytes(x: &Tensor) -> Result<Picture> {
    let x = match x.dtype().is_float() {
        true => ((x * 255.0)? + 0.5)?.clamp(Some(0.0.into()), Some(255.0.into()))?.to_dtype(DType::U8)?,
        false => x.clone(),
    };
    let picture = Picture::of("save_image", &x)?;
    picture.ok_or_else(|| Error::new("save_image", "takes floats or bytes").operands([&x]))
}

/// A picture of floats 0 to 1 or of bytes as a PNG file.
pub fn encode_png(image: &Tensor) -> Result<Vec<u8>> {
    encode(&bytes(image)?, Format::Png).map_err(|e| e.renamed("encode_png"))
}

/// The same as a JPEG file of this quality, 1 to 100; Pillow's and torchvision's default is 75.
pub fn encode_jpeg(image: &Tensor, quality: u8) -> Result<Vec<u8>> {
    encode(&bytes(image)?, Format::Jpeg(quality)).map_err(|e| e.renamed("encode_jpeg"))
}

#[derive(Clone, Copy)]
enum Format {
    Png,
    Jpeg(u8),
    Bmp,
}

fn encode(picture: &Picture, format: Format) -> Result<Vec<u8>> {
    let wrong = |why: String| Error::new("save_image", why);
    let color = match (picture.channels(), format) {
        (1, _) => ExtendedColorType::L8,
        (3, _) => ExtendedColorType::Rgb8,
        (4, Format::Png | Format::Bmp) => ExtendedColorType::Rgba8,
        (n, _) => return Err(wrong(format!("pictures of {n} channels are not written: 1 or 3, or 4 as PNG"))),
    };
    let sides = (u32::try_from(picture.width()), u32::try_from(picture.height()));
    let (Ok(width), Ok(height)) = sides else { return Err(wrong("too large for a file".to_string())) };
    let (mut out, pixels) = (Vec::new(), picture.pixels());
    let written = match format {
        Format::Png => PngEncoder::new(&mut out).write_image(pixels, width, height, color),
        Format::Jpeg(quality @ 1..=100) => {
            JpegEncoder::new_with_quality(&mut out, quality).write_image(pixels, width, height, color)
        }
        Format::Jpeg(quality) => return Err(wrong(format!("quality {quality} is not in 1..=100"))),
        Format::Bmp => BmpEncoder::new(&mut out).write_image(pixels, width, height, color),
    };
    written.map_err(|e| wrong(e.to_string()))?;
    Ok(out)
}

pub(super) fn write(picture: &Picture, path: &Path) -> Result<()> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let format = match ending.as_str() {
        "png" => Format::Png,
        "jpg" | "jpeg" => Format::Jpeg(75),
        "bmp" => Format::Bmp,
        other => {
            let why = format!("files that end with {other:?} are not written: png, jpg or bmp");
            return Err(Error::new("save_image", why).about(path.display()));
        }
    };
    let bytes = encode(picture, format).map_err(|e| e.about(path.display()))?;
    std::fs::write(path, bytes).map_err(|e| Error::from(e).renamed("save_image").about(path.display()))
}
