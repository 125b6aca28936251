//! What holds for every optimizer of the table, by its name.
use autograd::Parameter;
use optim::{Optimizer, Setting, by_name, names, rule, with_settings};
use tensor_core::{Tensor, manual_seed};

fn params() -> Vec<Parameter> {
    [[4, 3], [5, 2]].map(|shape| Parameter::new(Tensor::randn(shape).unwrap()).unwrap()).into()
}

fn tied(params: &[Parameter]) -> Vec<Parameter> {
    params.iter().map(Parameter::tied).collect()
}

/// Steps by gradients that depend on the number of the step only.
fn run(optimizer: &mut dyn Optimizer, params: &[Parameter], steps: std::ops::Range<u64>) {
    for step in steps {
        manual_seed(1000 + step);
        for p in params {
            p.set_grad(Some(Tensor::randn(p.shape()).unwrap()));
        }
        optimizer.step().unwrap();
    }
}

fn bits(params: &[Parameter]) -> Vec<u32> {
    params.iter().flat_map(|p| p.to_vec::<f32>().unwrap()).map(f32::to_bits).collect()
}

#[test]
fn every_optimizer_goes_on_with_the_same_bits() {
    let _alone = super::COUNTED.lock();
    for (i, name) in names().iter().enumerate() {
        manual_seed(i as u64);
        let whole = params();
        let parts: Vec<Parameter> = whole.to_vec();
        let mut optimizer = by_name(name, tied(&whole), 0.01).unwrap();
        run(&mut *optimizer, &whole, 0..14);

        // Any step to stop at, another one for every optimizer.
        let stop = 1 + (i as u64 * 7) % 13;
        let mut first = by_name(name, tied(&parts), 0.01).unwrap();
        run(&mut *first, &parts, 0..stop);
        let saved = first.state_dict().unwrap();
        let resumed: Vec<Parameter> = parts.iter().map(|p| Parameter::new(p.detach()).unwrap()).collect();
        let mut second = by_name(name, tied(&resumed), 0.5).unwrap();
        second.load_state_dict(&saved).unwrap_or_else(|e| panic!("{name}: {e}"));
        run(&mut *second, &resumed, stop..14);
        assert_eq!(bits(&whole), bits(&resumed), "{name}, stopped after {stop} steps");
    }
}

#[test]
fn every_optimizer_refuses_what_cannot_be_meant() {
    let _alone = super::COUNTED.lock();
    for name in names() {
        let with = |setting: &str, value: Setting| {
            with_settings(&name, params(), &[(setting, value)]).err().map(|e| e.to_string())
        };
        for (setting, default) in rule(&name).unwrap().settings() {
            match (setting, &default) {
                ("lr" | "eps" | "weight_decay", Setting::Float(_)) => {
                    for bad in [-1.0, f64::NAN] {
                        let error =
                            with(setting, bad.into()).unwrap_or_else(|| panic!("{name}: {setting} {bad} is taken"));
                        assert!(error.contains(setting), "{name}: {error}");
                    }
                }
                ("betas", Setting::List(betas)) => {
                    for bad in [1.5, -0.1] {
                        let mut betas = betas.clone();
                        betas[0] = Setting::Float(bad);
                        let error = with("betas", Setting::List(betas)).unwrap_or_else(|| panic!("{name}: beta {bad}"));
                        assert!(error.contains("betas"), "{name}: {error}");
                    }
                }
                _ => {}
            }
            let error = with(setting, "?!".into()).unwrap_or_else(|| panic!("{name}: {setting} is text"));
            assert!(error.contains(setting), "{name}: {error}");
        }
        let error = with("learning_speed", 0.1.into()).unwrap_or_else(|| panic!("{name}: any setting"));
        assert!(error.contains("learning_speed"), "{name}: {error}");

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
fn a_wrong_name_is_answered_with_the_nearest() {
    let _alone = super::COUNTED.lock();
    let error = by_name("adma", params(), 0.1).err().unwrap().to_string();
    assert!(error.contains("\"Adam\""), "{error}");
    assert!(by_name("Schedule_Free-adamw", params(), 0.1).is_ok());
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
