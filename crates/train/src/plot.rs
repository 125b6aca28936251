//! Curves as SVG files, drawn by hand: what a program needs to show how a training went.
use std::fmt::Write;

/// A picture of lines over a common x axis, with a y axis on the left and, where it is wanted, another on the right.
///
/// ```
/// use train::plot::{Axis, Line, Plot};
/// let loss = Line::new("loss", [2.3, 0.9, 0.4].into_iter().enumerate().map(|(i, y)| (i as f64, y)));
/// let svg = Plot { x: Axis::new("epoch"), left: Axis::new("loss"), lines: vec![loss], ..Default::default() }.svg();
/// assert!(svg.starts_with("<svg") && svg.contains(">loss</text>"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// A line above the picture.
    pub title: String,
    /// The axis below.
    pub x: Axis,
    /// The axis on the left.
    pub left: Axis,
    /// The axis on the right, for lines that are measured by another scale.
    pub right: Option<Axis>,
    /// What is drawn, each in a colour of its own and named in the legend.
    pub lines: Vec<Line>,
    /// A value of x to point out, with a word.
    pub mark: Option<(f64, String)>,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it measures.
    pub label: String,
    /// Powers of ten at equal distances; values that are not above 0 are left out.
    pub log: bool,
    /// Its ends, where they do not follow from the lines.
    pub range: Option<(f64, f64)>,
    /// Numbers are shares, and shown in percent.
    pub percent: bool,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// In the legend.
    pub name: String,
    /// From left to right; where one is not finite, the line is interrupted.
    pub points: Vec<(f64, f64)>,
    /// Measured by the axis on the right.
    pub right: bool,
}

impl Axis {
    /// With a label.
    pub fn new(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), ..Axis::default() }
    }
}

impl Line {
    /// With a name, on the left axis.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Line {
        Line { name: name.into(), points: points.into_iter().collect(), right: false }
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 64.0;
/// Told apart by people who do not tell red from green, too (Okabe and Ito, 2008).
const COLOURS: [&str; 8] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"];

/// An axis with its ends: where a value lies on it, from 0 to 1.
struct Scale<'a> {
    axis: &'a Axis,
    low: f64,
    high: f64,
}

impl<'a> Scale<'a> {
    fn new(axis: &'a Axis, values: impl Iterator<Item = f64>) -> Scale<'a> {
        let fits = |v: &f64| v.is_finite() && (!axis.log || *v > 0.0);
        let (mut low, mut high) =
            values.filter(fits).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if let Some(range) = axis.range {
            (low, high) = range;
        }
        if !low.is_finite() || !high.is_finite() {
            (low, high) = if axis.log { (1.0, 10.0) } else { (0.0, 1.0) };
        }
        if low == high {
            // One value: in the middle.
            (low, high) = if axis.log { (low / 2.0, high * 2.0) } else { (low - 0.5, high + 0.5) };
        }
        Scale { axis, low, high }
    }

    fn at(&self, value: f64) -> Option<f64> {
        let (low, high, value) = match self.axis.log {
            true if value <= 0.0 => return None,
            true => (self.low.ln(), self.high.ln(), value.ln()),
            false => (self.low, self.high, value),
        };
        let part = (value - low) / (high - low);
        part.is_finite().then(|| part.clamp(0.0, 1.0))
    }

    /// Round numbers between the ends.
    fn ticks(&self) -> Vec<f64> {
        if self.axis.log {
            let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
            let step = ((last - first) / 8 + 1).max(1) as usize;
            return (first..=last).step_by(step).map(|power| 10f64.powi(power)).collect();
        }
        let rough = (self.high - self.low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough).unwrap_or(rough);
        let first = (self.low / step).ceil() as i64;
        (0..=10).map(|i| (first + i) as f64 * step).take_while(|v| *v <= self.high + step * 1e-9).collect()
    }

    fn text(&self, value: f64) -> String {
        if self.axis.percent {
            return format!("{:.0} %", value * 100.0);
        }
        if value != 0.0 && (value.abs() >= 1e5 || value.abs() < 1e-3) {
            return format!("{value:.0e}");
        }
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Plot {
    /// The file's text.
    pub fn svg(&self) -> String {
        let xs = self.lines.iter().flat_map(|line| line.points.iter().map(|p| p.0));
        let ys = |right: bool| {
            self.lines.iter().filter(move |line| line.right == right).flat_map(|line| line.points.iter().map(|p| p.1))
        };
        let x = Scale::new(&self.x, xs);
        let left = Scale::new(&self.left, ys(false));
        let right = self.right.as_ref().map(|axis| Scale::new(axis, ys(true)));
        let px = |part: f64| MARGIN + (WIDTH - 2.0 * MARGIN) * part;
        let py = |part: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * part;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        let text = |out: &mut String, x: f64, y: f64, anchor: &str, colour: &str, words: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
                escaped(words)
            );
        };
        for value in left.ticks() {
            let Some(at) = left.at(value).map(py) else { continue };
            let _ = writeln!(
                out,
                "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>",
                WIDTH - MARGIN
            );
            text(&mut out, MARGIN - 6.0, at + 4.0, "end", "#333", &left.text(value));
        }
        for value in x.ticks() {
            let Some(at) = x.at(value).map(px) else { continue };
            let (from, to) = (HEIGHT - MARGIN, HEIGHT - MARGIN + 4.0);
            let _ = writeln!(out, "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{from}\" y2=\"{to}\" stroke=\"#333\"/>");
            text(&mut out, at, HEIGHT - MARGIN + 18.0, "middle", "#333", &x.text(value));
        }
        for value in right.iter().flat_map(Scale::ticks) {
            let Some(at) = right.as_ref().and_then(|r| r.at(value)).map(py) else { continue };
            let words = right.as_ref().map_or(String::new(), |r| r.text(value));
            text(&mut out, WIDTH - MARGIN + 6.0, at + 4.0, "start", "#333", &words);
        }
        if let Some((value, words)) = &self.mark
            && let Some(at) = x.at(*value).map(px)
        {
            let (top, bottom) = (MARGIN, HEIGHT - MARGIN);
            let _ = writeln!(
                out,
                "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top}\" y2=\"{bottom}\" stroke=\"#999\" \
                 stroke-dasharray=\"4 4\"/>"
            );
            text(&mut out, at + 4.0, MARGIN + 12.0, "start", "#333", words);
        }
        for (i, line) in self.lines.iter().enumerate() {
            let scale = if line.right { right.as_ref().unwrap_or(&left) } else { &left };
            let colour = COLOURS[i % COLOURS.len()];
            // A second round of the colours is dashed.
            let dash = if i < COLOURS.len() { "" } else { " stroke-dasharray=\"6 3\"" };
            let places = line.points.iter().map(|(a, b)| Some((px(x.at(*a)?), py(scale.at(*b)?))));
            let mut part: Vec<String> = Vec::new();
            for place in places.chain([None]) {
                match place {
                    Some((a, b)) => part.push(format!("{a:.1},{b:.1}")),
                    None if part.is_empty() => {}
                    None => {
                        let _ = writeln!(
                            out,
                            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>",
                            part.join(" ")
                        );
                        part.clear();
                    }
                }
            }
            // The legend, in columns of ten.
            let (column, row) = ((i / 10) as f64, (i % 10) as f64);
            let (a, b) = (WIDTH - MARGIN - 120.0 - 130.0 * column, MARGIN + 16.0 + 15.0 * row);
            let _ = writeln!(
                out,
                "<line x1=\"{a}\" x2=\"{}\" y1=\"{b}\" y2=\"{b}\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>",
                a + 16.0
            );
            text(&mut out, a + 20.0, b + 4.0, "start", "#333", &line.name);
        }
        text(&mut out, WIDTH / 2.0, 24.0, "middle", "#000", &self.title);
        text(&mut out, MARGIN, MARGIN - 14.0, "middle", "#333", &self.left.label);
        if let Some(axis) = &self.right {
            text(&mut out, WIDTH - MARGIN, MARGIN - 14.0, "middle", "#333", &axis.label);
        }
        text(&mut out, WIDTH / 2.0, HEIGHT - 20.0, "middle", "#333", &self.x.label);
        out + "</svg>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(svg: &str) {
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
        for list in svg.split("points=\"").skip(1) {
            for pair in list.split('"').next().unwrap_or("").split_whitespace() {
                let (x, y) = pair.split_once(',').unwrap_or(("", ""));
                let (x, y): (f64, f64) = (x.parse().unwrap_or(-1.0), y.parse().unwrap_or(-1.0));
                assert!((MARGIN..=WIDTH - MARGIN).contains(&x) && (MARGIN..=HEIGHT - MARGIN).contains(&y), "{pair}");
            }
        }
    }

    #[test]
    fn curves_stay_inside_of_the_picture() {
        let points = [(1e-5, 2.3), (1e-3, 0.4), (0.1, f64::NAN), (1.0, 1e9), (10.0, -3.0)];
        for log in [false, true] {
            for n in 0..=points.len() {
                let axis = Axis { log, ..Axis::new("rate") };
                let mut right = Line::new("accuracy", points[..n].iter().map(|p| (p.0, 0.5)));
                right.right = true;
                let plot = Plot {
                    title: "a < b & c".into(),
                    x: axis.clone(),
                    left: axis,
                    right: Some(Axis { percent: true, range: Some((0.0, 1.0)), ..Axis::default() }),
                    lines: vec![Line::new("loss", points[..n].to_vec()), right],
                    mark: Some((1e-3, "here".into())),
                };
                let svg = plot.svg();
                inside(&svg);
                assert!(svg.contains("a &lt; b &amp; c"));
            }
        }
    }

    #[test]
    fn ticks_are_round_numbers_between_the_ends() {
        let axis = Axis::default();
        let ticks = |low: f64, high: f64| Scale::new(&axis, [low, high].into_iter()).ticks();
        assert_eq!(ticks(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.13, 0.41), [0.2, 0.3, 0.4].map(|v: f64| (v * 10.0).round() * 0.1));
        let log = Axis { log: true, ..Axis::default() };
        assert_eq!(Scale::new(&log, [2e-4, 3.0].into_iter()).ticks(), [1e-3, 1e-2, 1e-1, 1.0]);
    }

    #[test]
    fn a_line_is_interrupted_where_it_is_not_finite() {
        let line = Line::new("l", [(0.0, 1.0), (1.0, 2.0), (2.0, f64::INFINITY), (3.0, 1.0)]);
        let svg = Plot { lines: vec![line], ..Plot::default() }.svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
    }
}
