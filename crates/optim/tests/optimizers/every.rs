//! What holds for every optimizer of the table, by its name.
use autograd::{Backward, BackwardOptions, Parameter};
use files::StateDict;
use optim::{Optimizer, Setting, by_name, names, rule, with_settings};
use tensor_core::{Tensor, manual_seed};

fn params() -> Vec<Parameter> {
    [[4, 3], [5, 2]].map(|shape| Parameter::new(Tensor::randn(shape).unwrap()).unwrap()).into()
}

fn tied(params: &[Parameter]) -> Vec<Parameter> {
    params.iter().map(Parameter::tied).collect()
}

/// Steps by gradients that depend on the number of the step only; those of second-order optimizers are recorded.
fn run(name: &str, optimizer: &mut dyn Optimizer, params: &[Parameter], steps: std::ops::Range<u64>) {
    for step in steps {
        manual_seed(1000 + step);
        let draw = |p: &Parameter| Tensor::randn(p.shape()).unwrap().to_dtype(p.dtype()).unwrap();
        if ["AdaHessian", "SophiaH"].iter().any(|second_order| name.ends_with(second_order)) {
            params.iter().for_each(Parameter::zero_grad);
            for p in params {
                let loss = p.square().unwrap().add(&draw(p)).unwrap().square().unwrap().sum().unwrap();
                let options = BackwardOptions { create_graph: true, ..Default::default() };
                loss.backward_with(None, options).unwrap();
            }
        } else {
            params.iter().for_each(|p| p.set_grad(Some(draw(p))));
        }
        let done = if name.ends_with("AliG") {
            optimizer.step_with(&mut || Tensor::full((), 0.5)).map(drop)
        } else {
            optimizer.step()
        };
        done.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

fn bits(params: &[Parameter]) -> Vec<u32> {
    params.iter().flat_map(|p| p.to_vec::<f32>().unwrap()).map(f32::to_bits).collect()
}

type Settings = Vec<(&'static str, Setting)>;

/// Settings by which states have other shapes, or come by chance.
fn variants() -> Vec<(&'static str, Settings)> {
    let mut all: Vec<(&str, Settings)> = vec![
        ("APOLLO", vec![("rank", 2.into()), ("update_proj_gap", 4.into()), ("scale_type", "channel".into())]),
        ("APOLLO", vec![("rank", 2.into()), ("projection_type", "full".into())]),
        ("Gravity", vec![("alpha", 0.5.into())]),
        ("pytorch_optimizer.Muon", vec![("use_muon", false.into())]),
        ("pytorch_optimizer.Muon", vec![("ns_coeffs", vec![3.0, -4.0, 2.0].into()), ("weight_decay", 0.1.into())]),
        ("MuonClip", vec![("ns_method", "gram_newton_schulz".into()), ("ns_reset_steps", vec![1.0, 3.0].into())]),
        ("MuonClip", vec![("ns_method", "gram_newton_schulz".into()), ("ns_reset_steps", Setting::List(vec![]))]),
        ("AliG", vec![("momentum", 0.5.into())]),
        ("AliG", vec![("max_lr", Setting::None), ("adjusted_momentum", true.into()), ("momentum", 0.5.into())]),
        ("SPAM", vec![("density", 0.5.into()), ("update_proj_gap", 5.into())]),
        ("SaRA", vec![("threshold", 1.0.into()), ("progressive_iter", 6.into()), ("ams_bound", true.into())]),
    ];
    if cfg!(feature = "linalg") {
        for kind in ["std", "reverse_std", "right", "left", "full", "random"] {
            for name in ["GaLore", "Fira", "Conda"] {
                let mut settings: Settings = vec![("projection_type", kind.into()), ("update_proj_gap", 5.into())];
                if name != "Conda" {
                    settings.push(("rank", 2.into()));
                }
                all.push((name, settings));
            }
        }
        all.push(("SOAP", vec![("merge_dims", true.into()), ("max_precondition_dim", 4.into())]));
        all.push(("DASH", vec![("power_iteration_steps", 2.into()), ("power_iteration_vectors", 2.into())]));
    }
    all
}

/// A run that stops after some steps and goes on from the bytes of files ends where one ends that does not stop.
fn goes_on(name: &str, settings: &[(&str, Setting)], seed: u64) {
    let made = |params: &[Parameter], lr: f64| {
        let mut optimizer = with_settings(name, tied(params), settings).unwrap();
        optimizer.set_lr(lr);
        optimizer
    };
    manual_seed(seed);
    let whole = params();
    let parts: Vec<Parameter> = whole.to_vec();
    let mut optimizer = made(&whole, 0.01);
    run(name, &mut *optimizer, &whole, 0..14);

    // Any step to stop at, another one for every optimizer.
    let stop = 1 + (seed * 7) % 13;
    let mut first = made(&parts, 0.01);
    run(name, &mut *first, &parts, 0..stop);
    let weights: StateDict = parts.iter().enumerate().map(|(i, p)| (i.to_string(), p.detach())).collect();
    let files = [weights, first.state_dict().unwrap()].map(|d| d.to_bytes().unwrap());
    let [weights, state] = files.map(|bytes| StateDict::from_bytes(&bytes).unwrap());
    let resumed: Vec<Parameter> =
        (0..parts.len()).map(|i| Parameter::new(weights.get(&i.to_string()).unwrap().clone()).unwrap()).collect();
    // The settings come with the state.
    let mut second = by_name(name, tied(&resumed), 0.5).unwrap();
    second.load_state_dict(&state).unwrap_or_else(|e| panic!("{name}: {e}"));
    run(name, &mut *second, &resumed, stop..14);
    assert_eq!(bits(&whole), bits(&resumed), "{name} with {settings:?}, stopped after {stop} steps");
}

#[test]
fn every_optimizer_goes_on_with_the_same_bits() {
    let _alone = super::COUNTED.lock();
    assert!(names().len() > 130);
    for (i, name) in names().iter().enumerate() {
        goes_on(name, &[], i as u64);
    }
    for (i, (name, settings)) in variants().into_iter().enumerate() {
        goes_on(name, &settings, i as u64);
    }
}

/// Rates, shares and small numbers that no optimizer can mean below 0.
const NOT_NEGATIVE: [&str; 8] =
    ["lr", "eps", "weight_decay", "momentum", "d0", "matrix_eps", "diagonal_eps", "trust_coefficient"];

#[test]
fn every_optimizer_refuses_what_cannot_be_meant() {
    let _alone = super::COUNTED.lock();
    for name in names() {
        let refuses = |setting: &str, value: Setting| {
            let error = with_settings(&name, params(), &[(setting, value.clone())]).err();
            let error = error.unwrap_or_else(|| panic!("{name} takes {setting} = {value:?}")).to_string();
            assert!(error.contains(setting), "{name}: {error} does not name {setting}");
        };
        for (setting, default) in rule(&name).unwrap().settings() {
            match &default {
                Setting::Float(_) => {
                    refuses(setting, f64::NAN.into());
                    if NOT_NEGATIVE.contains(&setting) {
                        refuses(setting, (-1.0).into());
                    }
                    // A2Grad's beta is no decay.
                    if !name.contains("A2Grad") && ["beta", "beta0", "beta1", "beta2", "beta3"].contains(&setting) {
                        [1.5, 1.0, -0.1].into_iter().for_each(|bad| refuses(setting, bad.into()));
                    }
                }
                Setting::List(items) => {
                    for i in 0..items.len() {
                        let with = |x: f64| {
                            let mut items = items.clone();
                            items[i] = Setting::Float(x);
                            Setting::List(items)
                        };
                        refuses(setting, with(f64::NAN));
                        if setting == "betas" && !name.ends_with("PNM") {
                            [1.5, -0.1].into_iter().for_each(|bad| refuses(setting, with(bad)));
                        }
                        if setting == "betas" && i < 2 && !name.ends_with("PNM") {
                            refuses(setting, with(1.0));
                        }
                    }
                }
                Setting::Int(_) => refuses(setting, 0.5.into()),
                _ => {}
            }
            refuses(setting, "?!".into());
        }
        refuses("learning_speed", 0.1.into());

        let none: Vec<Parameter> = Vec::new();
        assert!(by_name(&name, none, 0.1).is_err_and(|e| e.to_string().contains("no parameters")), "{name}");
        let one = Parameter::new(Tensor::ones([2, 2]).unwrap()).unwrap();
        let error = by_name(&name, [one.tied(), one.tied()], 0.1).err().unwrap().to_string();
        assert!(error.contains("twice"), "{name}: {error}");
        one.set_requires_grad(false);
        let error = by_name(&name, [one], 0.1).err().unwrap().to_string();
        assert!(error.contains("no gradient"), "{name}: {error}");
    }
}

#[test]
fn settings_of_projections_and_of_muon_are_checked() {
    let _alone = super::COUNTED.lock();
    let negative = || Setting::Float(-1.0);
    let rows: Vec<(&str, &str, Setting)> = vec![
        ("APOLLO", "rank", 0.into()),
        ("APOLLO", "scale", negative()),
        ("APOLLO", "scale_type", "row".into()),
        ("GaLore", "update_proj_gap", 0.into()),
        ("GaLore", "rank", 0.into()),
        ("GaLore", "projection_type", "upper".into()),
        ("Fira", "update_proj_gap", 0.into()),
        ("Gravity", "alpha", 1.0.into()),
        ("AliG", "max_lr", negative()),
        ("AliG", "momentum", 1.0.into()),
        ("SPAM", "density", negative()),
        ("SaRA", "lambda_rank", negative()),
        ("SaRA", "progressive_iter", (-2).into()),
        ("pytorch_optimizer.Muon", "momentum", 1.0.into()),
        ("pytorch_optimizer.Muon", "ns_steps", 0.into()),
        ("pytorch_optimizer.Muon", "ns_coeffs", vec![1.0, 2.0].into()),
        ("AdaMuon", "adamw_betas", (0.9, 1.0).into()),
        ("NorMuon", "adamw_lr", negative()),
        ("NorMuon", "update_scale", "none".into()),
        ("AdaGO", "v", 0.0.into()),
        ("AdaGO", "eps", 0.0.into()),
        ("MuonClip", "qk_clip_threshold", 0.0.into()),
        ("MuonClip", "qk_clip_alpha", 1.1.into()),
        #[cfg(feature = "linalg")]
        ("Conda", "update_proj_gap", 0.into()),
        #[cfg(feature = "linalg")]
        ("DASH", "power_iteration_steps", 0.into()),
        #[cfg(not(feature = "linalg"))]
        ("GaLore", "rank", 2.into()),
    ];
    for (name, setting, value) in rows {
        let error = with_settings(name, params(), &[(setting, value.clone())]).err();
        let error = error.unwrap_or_else(|| panic!("{name} takes {setting} = {value:?}")).to_string();
        assert!(error.contains(setting), "{name}: {error} does not name {setting}");
    }
}

#[test]
fn a_rate_of_a_muon_group_is_its_own() {
    let _alone = super::COUNTED.lock();
    use optim::extra::{Muon, MuonOptions};
    let mut optimizer =
        Muon::grouped(params(), |p| MuonOptions { use_muon: p.shape()[0] == 4, ..Default::default() }).unwrap();
    assert_eq!(optimizer.lrs(), [2e-2, 3e-4]);
    optimizer.set_lrs(&[0.5, 0.25]);
    let [hidden, rest] = optimizer.groups() else { panic!("two groups") };
    assert_eq!((hidden.options.lr, hidden.options.adamw_lr), (0.5, 3e-4));
    assert_eq!((rest.options.lr, rest.options.adamw_lr), (2e-2, 0.25));
    // By name too, where the rule stands in a box.
    let boxed = with_settings("distributed-muon", params(), &[("use_muon", false.into())]).unwrap();
    assert_eq!(boxed.lr(), 3e-4);
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest() {
    let _alone = super::COUNTED.lock();
    let error = by_name("adma", params(), 0.1).err().unwrap().to_string();
    assert!(error.contains("\"Adam\""), "{error}");
    assert!(by_name("Schedule_Free-adamw", params(), 0.1).is_ok());
    for (alias, meant) in [("SOPHIA", "SophiaH"), ("psgd-kron", "Kron"), ("grokfast", "GrokFastAdamW")] {
        // Kron needs decompositions.
        if meant != "Kron" || cfg!(feature = "linalg") {
            assert_eq!(rule(alias).unwrap().name(), meant);
        }
    }
    let lion = rule("C-Lion").unwrap();
    assert!(lion.settings().contains(&("cautious", true.into())), "{lion:?}");
    assert!(rule("amsgrad").unwrap().settings().contains(&("amsgrad", true.into())));
}

#[test]
fn pytorchs_checkpoint_resumes() {
    let _alone = super::COUNTED.lock();
    let path = |name: &str| format!("{}/../../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let checkpoint = files::pt::load(path("checkpoint.pt")).unwrap();
    let expected = files::StateDict::load(path("checkpoint.expected.safetensors")).unwrap();
    let names = ["conv.weight", "conv.bias", "bn.weight", "bn.bias", "fc.weight", "fc.bias"];
    let model = checkpoint.at("model").unwrap();
    let params: Vec<Parameter> = names
        .iter()
        .map(|name| Parameter::new(model.at(*name).unwrap().as_tensor().unwrap().clone()).unwrap())
        .collect();
    let mut adam = optim::Adam::new(tied(&params), 0.5).unwrap();
    optim::from_pytorch(&mut adam, checkpoint.at("optimizer").unwrap()).unwrap();
    assert_eq!(adam.lr(), 1e-3);
    for (i, state) in adam.groups()[0].states().enumerate() {
        let steps: f64 = expected.get(&format!("optimizer.state.{i}.step")).unwrap().item().unwrap();
        assert_eq!(state.step as f64, steps);
        for name in ["exp_avg", "exp_avg_sq"] {
            let expected = expected.get(&format!("optimizer.state.{i}.{name}")).unwrap();
            assert!(state.get(name).unwrap().equal(expected).unwrap(), "{name} of parameter {i}");
        }
    }
    // And back: the same values under the same keys.
    let written = optim::to_pytorch(&adam).unwrap();
    let (state, groups) = (written.at("state").unwrap(), written.at("param_groups").unwrap());
    assert_eq!(state.entries().count(), 6);
    assert_eq!(groups.at(0).unwrap().at("params").unwrap().as_list().unwrap().len(), 6);
    assert_eq!(groups.at(0).unwrap().at("betas").unwrap().at(1).unwrap().as_f64(), Some(0.999));
}

/// PyTorch has Adafactor's two bounds in one setting, the first of them often None.
#[test]
fn adafactors_bounds_go_to_pytorch_and_back() {
    use files::pt::Value;
    use optim::{Adafactor, AdafactorOptions, from_pytorch, to_pytorch};
    let of = |eps| Adafactor::new(params(), AdafactorOptions { eps, ..Default::default() }).unwrap();
    for eps in [(None, 0.25), (Some(0.5), 0.125)] {
        let value = to_pytorch(&of(eps)).unwrap();
        let Value::Tuple(saved) = value.at("param_groups").unwrap().at(0).unwrap().at("eps").unwrap() else {
            panic!("a tuple, as in PyTorch");
        };
        assert_eq!([saved[0].as_f64(), saved[1].as_f64()], [eps.0, Some(eps.1)]);
        let mut resumed = of((None, 1.0));
        from_pytorch(&mut resumed, &value).unwrap();
        assert_eq!(resumed.groups()[0].options.eps, eps);
    }
}

#[test]
fn every_optimizer_takes_half_precision() {
    let _alone = super::COUNTED.lock();
    let half = |t: Tensor| t.to_dtype(tensor_core::DType::BF16).unwrap();
    let names = optim::names();
    let plain = names.iter().map(|name| (name.as_str(), Settings::new()));
    let mut broken = Vec::new();
    for (name, settings) in plain.chain(variants()) {
        let params: Vec<Parameter> = params().iter().map(|p| Parameter::new(half(p.detach())).unwrap()).collect();
        let mut optimizer = with_settings(name, tied(&params), &settings).unwrap();
        run(name, &mut *optimizer, &params, 0..3);
        if !params.iter().flat_map(|p| p.to_vec::<f64>().unwrap()).all(f64::is_finite) {
            broken.push((name, settings));
        }
    }
    assert!(broken.is_empty(), "not finite: {broken:?}");
}

#[test]
fn half_precision_parameters_lose_no_small_steps_with_master_weights() {
    let _alone = super::COUNTED.lock();
    let half = || Parameter::new(Tensor::ones([4]).unwrap().to_dtype(tensor_core::DType::BF16).unwrap()).unwrap();
    let (plain, master) = (half(), half());
    let mut a = optim::SGD::new([plain.tied()], 1e-4).unwrap();
    let mut b = optim::SGD::new([master.tied()], 1e-4).unwrap().with_master_weights(true);
    for _ in 0..100 {
        for p in [&plain, &master] {
            p.set_grad(Some(p.ones_like().unwrap()));
        }
        a.step().unwrap();
        b.step().unwrap();
    }
    // 1 - 100 * 1e-4, to the resolution of bf16; without, every step is rounded away.
    assert_eq!(plain.to_vec::<f32>().unwrap(), [1.0; 4]);
    assert!((master.to_vec::<f32>().unwrap()[0] - 0.99).abs() < 0.004);
}
