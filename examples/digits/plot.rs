//! The learning curve as an SVG file, drawn by hand: two lines over the epochs.
use std::fmt::Write;

/// What is known about an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Mean training loss.
    pub loss: f64,
    /// Share of the held-out digits that are read correctly, 0 to 1.
    pub accuracy: f64,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const MARGIN: f64 = 56.0;

/// Loss (left axis) and held-out accuracy (right axis) of each epoch.
pub fn svg(points: &[Point]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    let top_loss = points.iter().map(|p| finite(p.loss)).fold(1e-9, f64::max);
    // Accuracies are all close to 1: the axis starts at the worst, rounded down.
    let low = points.iter().map(|p| finite(p.accuracy)).fold(1.0, f64::min);
    let low = ((low * 10.0).floor() / 10.0).clamp(0.0, 0.9);
    let x = |i: usize| MARGIN + (WIDTH - 2.0 * MARGIN) * i as f64 / points.len().saturating_sub(1).max(1) as f64;
    let y = |part: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * part;
    for step in 0..=4 {
        let part = f64::from(step) / 4.0;
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#c0392b\">{:.3}</text>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"#2471a3\">{:.1} %</text>\n",
            WIDTH - MARGIN,
            MARGIN - 6.0,
            y(part) + 4.0,
            top_loss * part,
            WIDTH - MARGIN + 6.0,
            y(part) + 4.0,
            (low + (1.0 - low) * part) * 100.0,
            at = y(part),
        );
    }
    let mut line = |color: &str, value: &dyn Fn(&Point) -> f64| {
        let path: Vec<String> =
            points.iter().enumerate().map(|(i, p)| format!("{:.1},{:.1}", x(i), y(finite(value(p))))).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
    };
    line("#c0392b", &|p| p.loss / top_loss);
    line("#2471a3", &|p| (p.accuracy - low) / (1.0 - low));
    let _ = write!(
        out,
        "<text x=\"{MARGIN}\" y=\"32\" fill=\"#c0392b\">training loss</text>\n\
         <text x=\"{:.1}\" y=\"32\" text-anchor=\"end\" fill=\"#2471a3\">held-out accuracy</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">epochs 1 to {}</text>\n</svg>\n",
        WIDTH - MARGIN,
        WIDTH / 2.0,
        HEIGHT - 20.0,
        points.len().max(1),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_stays_inside_of_the_picture() {
        let points = [(2.3, 0.15), (0.4, 0.93), (f64::NAN, 1.0)].map(|(loss, accuracy)| Point { loss, accuracy });
        for n in 0..=3 {
            let text = svg(&points[..n]);
            assert!(text.starts_with("<svg") && text.ends_with("</svg>\n") && !text.contains("NaN"), "{text}");
            for list in text.split("points=\"").skip(1) {
                for pair in list.split('"').next().unwrap().split_whitespace() {
                    let (x, y) = pair.split_once(',').unwrap();
                    let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                    assert!((MARGIN..=WIDTH - MARGIN).contains(&x) && (MARGIN..=HEIGHT - MARGIN).contains(&y));
                }
            }
        }
    }
}
