//! A tensor of integers as plain as can be: a shape, and the values in row-major order.

#[derive(Debug, Clone, PartialEq)]
pub struct Naive {
    pub shape: Vec<usize>,
    pub values: Vec<i64>,
}

impl Naive {
    pub fn counting(shape: &[usize]) -> Naive {
        Naive { shape: shape.to_vec(), values: (0..shape.iter().product::<usize>() as i64).collect() }
    }

    /// The element at these indices.
    pub fn at(&self, index: &[usize]) -> i64 {
        let mut place = 0;
        for (i, n) in index.iter().zip(&self.shape) {
            assert!(i < n, "{index:?} is not in {:?}", self.shape);
            place = place * n + i;
        }
        self.values[place]
    }

    /// The tensor of a shape whose element at `index` is `value(index)`.
    pub fn of(shape: &[usize], mut value: impl FnMut(&[usize]) -> i64) -> Naive {
        let count = shape.iter().product::<usize>();
        let mut index = vec![0; shape.len()];
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push(value(&index));
            for d in (0..shape.len()).rev() {
                index[d] += 1;
                if index[d] < shape[d] {
                    break;
                }
                index[d] = 0;
            }
        }
        Naive { shape: shape.to_vec(), values }
    }

    /// Repeated along dims of size 1 and along new first dims.
    pub fn broadcast(&self, shape: &[usize]) -> Naive {
        let new = shape.len() - self.shape.len();
        Naive::of(shape, |index| {
            let own: Vec<usize> =
                index[new..].iter().zip(&self.shape).map(|(&i, &n)| if n == 1 { 0 } else { i }).collect();
            self.at(&own)
        })
    }
}
