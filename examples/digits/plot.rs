//! The learning curve of the digits: loss on the left, held-out accuracy on the right.
use flambeau::train::plot::{Axis, Line, Plot};

/// What is known about an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Mean training loss.
    pub loss: f64,
    /// Share of the held-out digits that are read correctly, 0 to 1.
    pub accuracy: f64,
}

/// Loss and held-out accuracy of each epoch.
pub fn svg(points: &[Point]) -> String {
    let line = |value: fn(&Point) -> f64| points.iter().enumerate().map(move |(i, p)| (i as f64 + 1.0, value(p)));
    let mut accuracy = Line::new("held-out accuracy", line(|p| p.accuracy));
    accuracy.right = true;
    Plot {
        x: Axis::new("epoch"),
        left: Axis::new("training loss"),
        right: Some(Axis { percent: true, ..Axis::new("held-out accuracy") }),
        lines: vec![Line::new("training loss", line(|p| p.loss)), accuracy],
        ..Plot::default()
    }
    .svg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_curves_are_drawn() {
        let points = [(2.3, 0.15), (0.4, 0.93), (0.2, 1.0)].map(|(loss, accuracy)| Point { loss, accuracy });
        let text = svg(&points);
        assert_eq!(text.matches("<polyline").count(), 2);
        assert!(text.contains("training loss") && text.contains("100 %"), "{text}");
    }
}
