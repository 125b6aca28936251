//! The fast ways against the definition, on random shapes, and on any number of threads.
use super::*;
use proptest::prelude::*;

fn numbers(len: usize, salt: u64) -> Vec<f64> {
    // Small integers: sums are exact, so any order of addition gives the same.
    (0..len as u64).map(|i| ((i.wrapping_mul(2_654_435_761).wrapping_add(salt * 97) >> 7) % 11) as f64 - 5.0).collect()
}

fn geometry() -> impl Strategy<Value = Geometry> {
    let dim = (1usize..8, 1usize..4, 1usize..4, 0usize..3, 1usize..3);
    let sizes = (0usize..4, 1usize..4, 1usize..4, 1usize..4, prop::array::uniform3(dim));
    sizes.prop_filter_map("the kernel fits", |(n, cg, og, groups, dims)| {
        let mut g = Geometry {
            n,
            c: cg * groups,
            o: og * groups,
            groups,
            input: dims.map(|d| d.0),
            kernel: dims.map(|d| d.1),
            output: [0; 3],
            stride: dims.map(|d| d.2),
            padding: dims.map(|d| d.3),
            dilation: dims.map(|d| d.4),
        };
        for d in 0..3 {
            let span = g.dilation[d] * (g.kernel[d] - 1) + 1;
            g.output[d] = (g.input[d] + 2 * g.padding[d]).checked_sub(span)? / g.stride[d] + 1;
        }
        Some(g)
    })
}

fn operands(kind: ConvKind, g: &Geometry) -> (Vec<f64>, Vec<f64>, usize) {
    let (x, w, y) = (g.n * g.c * g.plane(), g.o * g.cg() * g.taps(), g.n * g.o * g.pixels());
    match kind {
        ConvKind::Forward => (numbers(x, 1), numbers(w, 2), y),
        ConvKind::InputGrad => (numbers(y, 1), numbers(w, 2), x),
        ConvKind::WeightGrad => (numbers(y, 1), numbers(x, 2), w),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_way_agrees_with_the_definition(g in geometry()) {
        for kind in [ConvKind::Forward, ConvKind::InputGrad, ConvKind::WeightGrad] {
            let (a, b, len) = operands(kind, &g);
            let (mut want, mut got) = (vec![0.0; len], vec![f64::NAN; len]);
            definition::compute(kind, &g, &a, &b, &mut want, |sum, x, y| sum + x * y);
            floats(kind, &g, &a, &b, &mut got).unwrap();
            prop_assert_eq!(&got, &want, "{:?}", kind);
            // What larger images would take.
            if !a.is_empty() && !b.is_empty() && len > 0 {
                got.fill(f64::NAN);
                match kind {
                    ConvKind::Forward => unfold::forward(&g, &a, &b, &mut got),
                    ConvKind::InputGrad => unfold::input_grad(&g, &a, &b, &mut got),
                    ConvKind::WeightGrad => unfold::weight_grad(&g, &a, &b, &mut got),
                }
                .unwrap();
                prop_assert_eq!(&got, &want, "unfolded {:?}", kind);
            }
        }
    }
}

#[test]
fn many_small_images_are_taken_in_several_batches() {
    for groups in [1, 2] {
        let g = square(50, 4, 6, groups, [6, 5]);
        for kind in [ConvKind::Forward, ConvKind::InputGrad, ConvKind::WeightGrad] {
            let (a, b, len) = operands(kind, &g);
            let (mut want, mut got) = (vec![0.0; len], vec![f64::NAN; len]);
            definition::compute(kind, &g, &a, &b, &mut want, |sum, x, y| sum + x * y);
            floats(kind, &g, &a, &b, &mut got).unwrap();
            assert_eq!(got, want, "{kind:?}");
        }
    }
}

/// A kernel of 3 x 3 that keeps the size.
fn square(n: usize, c: usize, o: usize, groups: usize, [height, width]: [usize; 2]) -> Geometry {
    Geometry {
        n,
        c,
        o,
        groups,
        input: [1, height, width],
        kernel: [1, 3, 3],
        output: [1, height, width],
        stride: [1; 3],
        padding: [0, 1, 1],
        dilation: [1; 3],
    }
}

#[test]
fn the_bits_are_the_same_on_any_number_of_threads() {
    for (c, o, groups, size) in [(3, 8, 1, [17, 19]), (8, 8, 8, [17, 19]), (30, 40, 1, [6, 7])] {
        let g = square(40, c, o, groups, size);
        for kind in [ConvKind::Forward, ConvKind::InputGrad, ConvKind::WeightGrad] {
            let (a, b, len) = operands(kind, &g);
            let fine = |v: Vec<f64>| v.into_iter().map(|v| (v as f32 * 0.37).sin()).collect::<Vec<f32>>();
            let (a, b) = (fine(a), fine(b));
            let results = [1, 2, 3, 8].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut out = vec![0.0f32; len];
                pool.install(|| floats(kind, &g, &a, &b, &mut out)).unwrap();
                out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            });
            assert!(results.iter().all(|r| *r == results[0]), "{kind:?}");
        }
    }
}
