//! Optimizers: each updates the parameters in place, given their gradient, and keeps what it needs from step to step.
//!
//! Source: "Deep Learning from Scratch", section 6.1; there, as here, the 1e-7 that keeps a division from 0 stands outside
//! the square root.

use pulp::Arch;

use crate::layers::{Real, real};
use crate::network::Network;

const TINY: f64 = 1e-7;

/// What an update does, and its numbers. They are rounded to the dtype of the parameters before use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Stochastic gradient descent: p <- p - learning_rate dp.
    SGD { learning_rate: f64 },
    /// v <- momentum v - learning_rate dp; p <- p + v. Source: B. Polyak (1964).
    Momentum { learning_rate: f64, momentum: f64 },
    /// v <- momentum v - learning_rate dp; p <- p + momentum v - learning_rate dp, where p is the point looked ahead to.
    ///
    /// Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent networks" (2012), 3.5.
    Nesterov { learning_rate: f64, momentum: f64 },
    /// h <- h + dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7). Source: J. Duchi et al. (2011).
    AdaGrad { learning_rate: f64 },
    /// h <- decay h + (1 - decay) dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7).
    ///
    /// Source: T. Tieleman, G. Hinton, Coursera lecture 6.5 (2012).
    RMSProp { learning_rate: f64, decay: f64 },
    /// m, v: means of dp and dp dp; p <- p - rate m / (sqrt(v) + 1e-7), where rate undoes that both began at 0.
    ///
    /// Source: D. Kingma, J. Ba, "Adam" (2015), in the order of the end of section 2.
    Adam { learning_rate: f64, beta1: f64, beta2: f64 },
}

impl Rule {
    /// The arrays that it keeps of each parameter, of the parameter's size, zero at first.
    pub fn state_names(&self) -> &'static [&'static str] {
        match self {
            Rule::SGD { .. } => &[],
            Rule::Momentum { .. } | Rule::Nesterov { .. } => &["v"],
            Rule::AdaGrad { .. } | Rule::RMSProp { .. } => &["h"],
            Rule::Adam { .. } => &["m", "v"],
        }
    }

    /// Updates one parameter, and its state, in place. The iteration counts from 1.
    ///
    /// Panics where the state is not as many arrays as `state_names`.
    pub fn update_one<T: Real>(&self, iteration: u64, p: &mut [T], dp: &[T], state: &mut [Vec<T>]) {
        let (arch, tiny) = (Arch::new(), real::<T>(TINY)); // each loop by the widest instructions of this machine
        let parameter = p.iter_mut().zip(dp);
        match (*self, state) {
            (Rule::SGD { learning_rate }, []) => {
                let rate: T = real(learning_rate);
                arch.dispatch(|| parameter.for_each(|(p, &dp)| *p -= rate * dp));
            }
            (Rule::Momentum { learning_rate, momentum }, [v]) => {
                let (rate, momentum): (T, T) = (real(learning_rate), real(momentum));
                arch.dispatch(|| {
                    parameter.zip(v).for_each(|((p, &dp), v)| {
                        *v = momentum * *v - rate * dp;
                        *p += *v;
                    });
                });
            }
            (Rule::Nesterov { learning_rate, momentum }, [v]) => {
                let (rate, momentum): (T, T) = (real(learning_rate), real(momentum));
                arch.dispatch(|| {
                    parameter.zip(v).for_each(|((p, &dp), v)| {
                        *v = momentum * *v - rate * dp;
                        *p += momentum * *v - rate * dp;
                    });
                });
            }
            (Rule::AdaGrad { learning_rate }, [h]) => {
                let rate: T = real(learning_rate);
                arch.dispatch(|| {
                    parameter.zip(h).for_each(|((p, &dp), h)| {
                        *h += dp * dp;
                        *p -= rate * dp / (h.sqrt() + tiny);
                    });
                });
            }
            (Rule::RMSProp { learning_rate, decay }, [h]) => {
                let (rate, decay, rest): (T, T, T) = (real(learning_rate), real(decay), real(1.0 - decay));
                arch.dispatch(|| {
                    parameter.zip(h).for_each(|((p, &dp), h)| {
                        *h = decay * *h + rest * dp * dp;
                        *p -= rate * dp / (h.sqrt() + tiny);
                    });
                });
            }
            (Rule::Adam { learning_rate, beta1, beta2 }, [m, v]) => {
                let i = iteration as f64;
                let rate: T = real(learning_rate * (1.0 - beta2.powf(i)).sqrt() / (1.0 - beta1.powf(i)));
                let (rest1, rest2): (T, T) = (real(1.0 - beta1), real(1.0 - beta2));
                arch.dispatch(|| {
                    parameter.zip(m).zip(v).for_each(|(((p, &dp), m), v)| {
                        *m += rest1 * (dp - *m);
                        *v += rest2 * (dp * dp - *v);
                        *p -= rate * *m / (v.sqrt() + tiny);
                    });
                });
            }
            (_, state) => panic!("expected the state {:?}, came {} arrays", self.state_names(), state.len()),
        }
    }
}

/// A rule at work on a network: it has the state of each parameter, and counts the updates.
pub struct Optimizer<T> {
    pub rule: Rule,
    iteration: u64,
    state: Vec<Vec<Vec<T>>>, // of each parameter, by the rule's state_names, the elements
}

impl<T: Real> Optimizer<T> {
    /// Fit for this network and others of its sizes.
    pub fn new(rule: Rule, network: &Network<T>) -> Self {
        let zeros = |size| vec![vec![T::zero(); size]; rule.state_names().len()];
        let state = network.params().map(|p| zeros(p.value.len())).collect();
        Optimizer { rule, iteration: 0, state }
    }

    /// Updates every parameter in place, by the gradient that the network computed last.
    pub fn update(&mut self, network: &mut Network<T>) {
        self.iteration += 1;
        for (param, state) in network.params_mut().zip(&mut self.state) {
            let (p, dp) = param.elements();
            self.rule.update_one(self.iteration, p, dp, state);
        }
    }
}
