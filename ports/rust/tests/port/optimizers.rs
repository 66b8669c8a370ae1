use gradparity_port::layers::{Real, real};
use gradparity_port::optimizers::{Optimizer, Rule};
use gradparity_port::training::train_step;

use crate::network::{owned, random};

/// Every rule, with numbers that float32 has too.
pub const RULES: [Rule; 6] = [
    Rule::SGD { learning_rate: 0.5 },
    Rule::Momentum { learning_rate: 0.25, momentum: 0.5 },
    Rule::Nesterov { learning_rate: 0.25, momentum: 0.5 },
    Rule::AdaGrad { learning_rate: 0.125 },
    Rule::RMSProp { learning_rate: 0.0625, decay: 0.75 },
    Rule::Adam { learning_rate: 0.0625, beta1: 0.75, beta2: 0.875 },
];

fn near<T: Real>(a: T, b: f64) -> bool {
    let a = a.to_f64().unwrap();
    (a - b).abs() <= 8.0 * T::epsilon().to_f64().unwrap() * b.abs()
}

/// p and the state after two updates of p = 1, with dp = 2 and then dp = -1.
fn two_updates<T: Real>(rule: Rule) -> (T, Vec<T>) {
    let (mut p, mut state) = ([T::one()], vec![vec![T::zero()]; rule.state_names().len()]);
    for (iteration, dp) in [(1, real(2.0)), (2, real(-1.0))] {
        rule.update_one(iteration, &mut p, &[dp], &mut state);
    }
    (p[0], state.concat())
}

fn each_rule_follows_its_formula<T: Real>() {
    let root = f64::sqrt;
    // adam's rates: 1/16 sqrt(1 - 7/8) / (1 - 3/4), then 1/16 sqrt(1 - 49/64) / (1 - 9/16)
    let (rate1, rate2) = (0.0625 * root(0.125) / 0.25, 0.0625 * root(15.0 / 64.0) / (7.0 / 16.0));
    let expected = [
        (0.5, vec![]),    // 1 - 1 + 1/2
        (0.5, vec![0.0]), // v: -1/2, then -1/4 + 1/4
        (0.5, vec![0.0]), // 1 - 3/4 + 1/4
        (1.0 - 0.25 / (2.0 + 1e-7) + 0.125 / (root(5.0) + 1e-7), vec![5.0]),
        (1.0 - 0.125 / (1.0 + 1e-7) + 0.0625 / 1.0000001, vec![1.0]), // h: 1, then 3/4 + 1/4
        // m: 1/2, then 1/2 - 3/8; v: 1/2, then 1/2 + 1/16
        (1.0 - rate1 * 0.5 / (root(0.5) + 1e-7) - rate2 * 0.125 / (0.75 + 1e-7), vec![0.125, 0.5625]),
    ];
    for (rule, (p, state)) in RULES.into_iter().zip(expected) {
        let (came, came_state) = two_updates::<T>(rule);
        assert!(near(came, p), "{rule:?}: expected {p}, came {came}");
        assert!(
            came_state.len() == state.len() && came_state.iter().zip(&state).all(|(a, b)| near(*a, *b)),
            "{rule:?}"
        );
    }
}

#[test]
fn the_formulas_in_both_dtypes() {
    each_rule_follows_its_formula::<f32>();
    each_rule_follows_its_formula::<f64>();
}

#[test]
fn one_minus_a_number_is_rounded_once() {
    let (mut p, mut state) = ([0f32], vec![vec![0f32], vec![0f32]]);
    Rule::Adam { learning_rate: 0.001, beta1: 0.9, beta2: 0.999 }.update_one(1, &mut p, &[1.0], &mut state);
    assert_eq!(state, [[(1.0 - 0.9) as f32], [(1.0 - 0.999) as f32]]);
    assert_ne!(state[1][0], 1.0 - 0.999f32);
}

#[test]
fn a_slope_of_zero_moves_nothing() {
    for rule in RULES {
        let (mut p, mut state) = ([3.0], vec![vec![0.0]; rule.state_names().len()]);
        rule.update_one(1, &mut p, &[0.0], &mut state);
        assert_eq!((p, state.concat().iter().sum()), ([3.0], 0.0), "{rule:?}");
    }
}

#[test]
fn each_element_has_its_own_state_whatever_their_number() {
    for rule in RULES {
        for size in [1, 7, 100] {
            let start: Vec<f64> = (0..size).map(|i| i as f64).collect();
            let dp: Vec<f64> = (0..size).map(|i| f64::from(i - 3) / 8.0).collect();
            let (mut p, mut state) = (start.clone(), vec![vec![0.5; start.len()]; rule.state_names().len()]);
            rule.update_one(3, &mut p, &dp, &mut state);
            for i in 0..start.len() {
                let (mut one, mut one_state) = ([start[i]], vec![vec![0.5]; state.len()]);
                rule.update_one(3, &mut one, &dp[i..=i], &mut one_state);
                assert_eq!(one[0], p[i], "{rule:?}");
                assert!(one_state.iter().zip(&state).all(|(one, all)| one[0] == all[i]), "{rule:?}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "expected the state [\"v\"], came 0 arrays")]
fn a_rule_must_have_its_state() {
    RULES[1].update_one(1, &mut [1.0], &[1.0], &mut []);
}

fn every_parameter_moves<T: Real>(rule: Rule) {
    let (mut network, x, t) = random::<T>(&[4, 5, 3], "sigmoid");
    let mut optimizer = Optimizer::new(rule, &network);
    let mut expected: Vec<_> = owned(network.held()).into_iter().map(|(_, p)| p).collect();
    let mut states: Vec<_> =
        expected.iter().map(|p| vec![vec![T::zero(); p.len()]; rule.state_names().len()]).collect();
    for iteration in 1..=3 {
        let before = expected.clone();
        let gradient = owned(network.gradient(x.view(), &t));
        for ((p, state), (_, dp)) in expected.iter_mut().zip(&mut states).zip(&gradient[1..]) {
            rule.update_one(iteration, p.as_slice_mut().unwrap(), dp.as_slice().unwrap(), state);
        }
        optimizer.update(&mut network);
        for (((name, p), expected), before) in owned(network.held()).iter().zip(&expected).zip(&before) {
            assert_eq!(p, expected, "{rule:?} {name}");
            assert_ne!(p, before, "{rule:?} {name}");
        }
    }
}

#[test]
fn every_parameter_of_a_network_moves_by_the_rule() {
    RULES.into_iter().for_each(every_parameter_moves::<f32>);
    RULES.into_iter().for_each(every_parameter_moves::<f64>);
}

#[test]
fn a_hundred_steps_lower_the_loss() {
    for rule in RULES {
        for activation in ["relu", "sigmoid", "tanh"] {
            let (mut network, x, t) = random::<f64>(&[4, 5, 3], activation);
            let mut optimizer = Optimizer::new(rule, &network);
            let before = train_step(&mut network, x.view(), &t, &mut optimizer);
            for _ in 0..100 {
                train_step(&mut network, x.view(), &t, &mut optimizer);
            }
            let after = network.loss(x.view(), &t);
            assert!(after < before / 2.0, "{rule:?} {activation}: {before} became {after}");
        }
    }
}
