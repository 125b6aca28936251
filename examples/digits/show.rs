//! Digits drawn in the terminal, two pixels to a character.
use flambeau::prelude::*;

const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Pictures side by side, each with a line of text under it.
pub fn pictures(images: &[Tensor], texts: &[String]) -> Result<String> {
    let pixels = images.iter().map(|x| x.to_vec::<f32>()).collect::<Result<Vec<_>>>()?;
    let width = images.first().and_then(|x| x.shape().last().copied()).unwrap_or(1).max(1);
    let rows = pixels.first().map_or(0, |p| p.len() / width);
    let mut out = String::new();
    for row in 0..rows {
        for image in &pixels {
            for &value in &image[row * width..(row + 1) * width] {
                let shade = SHADES[((value * 5.0) as usize).min(4)];
                // A character is about twice as high as wide.
                out.extend([shade, shade]);
            }
            out += "  ";
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    for text in texts {
        out += &format!("{text:<w$}", w = 2 * width + 2);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side_over_their_texts() {
        let image = Tensor::from_slice(&[1.0f32, 0.0, 0.5, 1.0], [1, 2, 2]).unwrap();
        let text = pictures(&[image.clone(), image], &["a".to_string(), "b".to_string()]).unwrap();
        assert_eq!(text, "██    ██\n▒▒██  ▒▒██\na     b\n");
    }
}
