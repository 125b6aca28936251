//! The line search of L-BFGS: a step that satisfies the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5
//! and 3.6, with cubic interpolation).
use tensor_core::{DType, Result, Tensor};

/// What is known at distance `t` along the direction.
#[derive(Clone)]
pub(crate) struct Point {
    pub t: f64,
    pub loss: f64,
    pub slope: f64,
    pub g: Tensor,
}

/// Where the cubic through two points and slopes is lowest, within bounds. PyTorch computes it in the precision of the
/// slopes, which decides where it overflows.
fn cubic(a: &Point, b: &Point, bounds: Option<(f64, f64)>) -> f64 {
    let single = a.g.dtype() != DType::F64;
    let r = |x: f64| if single { f64::from(x as f32) } else { x };
    let (low, high) = bounds.unwrap_or((a.t.min(b.t), a.t.max(b.t)));
    let d1 = r(r(a.slope + b.slope) - r(3.0 * (a.loss - b.loss) / (a.t - b.t)));
    let square = r(r(d1 * d1) - r(a.slope * b.slope));
    if square.is_nan() || square < 0.0 {
        return (low + high) / 2.0;
    }
    let d2 = r(square.sqrt());
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let share = r(r(r(b.slope + d2) - d1) / r(r(b.slope - a.slope) + 2.0 * d2));
    let lowest = r(b.t - r(r(b.t - a.t) * share));
    lowest.max(low).min(high)
}

/// The point found, and how often `look` was asked.
pub(crate) fn strong_wolfe(
    look: &mut dyn FnMut(f64) -> Result<Point>,
    start: Point,
    t: f64,
    longest: f64,
    tolerance_change: f64,
    max_ls: usize,
) -> Result<(Point, usize)> {
    const C1: f64 = 1e-4;
    const C2: f64 = 0.9;
    let (loss, slope) = (start.loss, start.slope);
    let mut new = look(t)?;
    let (mut evaluations, mut turns) = (1, 0);
    let mut last = start.clone();
    // First go out until a minimum must lie between two points.
    let mut bracket = loop {
        if turns >= max_ls {
            break [start, new];
        }
        if new.loss > loss + C1 * new.t * slope || (turns > 1 && new.loss >= last.loss) {
            break [last, new];
        }
        if new.slope.abs() <= -C2 * slope {
            return Ok((new, evaluations));
        }
        if new.slope >= 0.0 {
            break [last, new];
        }
        let bounds = (new.t + 0.01 * (new.t - last.t), new.t * 10.0);
        let t = cubic(&last, &new, Some(bounds));
        last = std::mem::replace(&mut new, look(t)?);
        evaluations += 1;
        turns += 1;
    };
    // Then close in on it.
    let order = |b: &[Point; 2]| if b[0].loss <= b[1].loss { (0, 1) } else { (1, 0) };
    let (mut low, mut high) = order(&bracket);
    let mut stuck = false;
    while turns < max_ls {
        let (left, right) = (bracket[0].t.min(bracket[1].t), bracket[0].t.max(bracket[1].t));
        if (right - left) * longest < tolerance_change {
            break;
        }
        let mut t = cubic(&bracket[0], &bracket[1], None);
        let margin = 0.1 * (right - left);
        if (right - t).min(t - left) < margin {
            if stuck || t >= right || t <= left {
                t = if (t - right).abs() < (t - left).abs() { right - margin } else { left + margin };
                stuck = false;
            } else {
                stuck = true;
            }
        } else {
            stuck = false;
        }
        let new = look(t)?;
        evaluations += 1;
        turns += 1;
        if new.loss > loss + C1 * t * slope || new.loss >= bracket[low].loss {
            bracket[high] = new;
            (low, high) = order(&bracket);
            continue;
        }
        let done = new.slope.abs() <= -C2 * slope;
        if !done && new.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = new;
        if done {
            break;
        }
    }
    Ok((bracket[low].clone(), evaluations))
}
