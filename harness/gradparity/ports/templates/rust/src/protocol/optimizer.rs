//! The optimizers: which function a request names, with which numbers and what state.

use super::reading::{need, unsupported};
use super::request::{field, number, Refusal};
use super::wire::Message;
use crate::my_network::{self as mine, Real};

pub const OPTIMIZERS: [&str; 6] = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"];

/// What an optimizer keeps of one parameter.
pub type State = Vec<Vec<Real>>;

/// Of p, dp, the state and the iteration.
pub type Update = Box<dyn Fn(&mut [Real], &[Real], &mut State, f64)>;

pub struct Optimizer {
    /// The names of what it keeps of each parameter.
    pub state: &'static [&'static str],
    pub update: Update,
}

/// The optimizer that the request names.
pub fn optimizer(request: &Message) -> Result<Optimizer, Refusal> {
    let name = field(request, "optimizer")?;
    if !OPTIMIZERS.contains(&name) {
        return unsupported(format!("no optimizer {name}"));
    }
    need(name)?;
    let rate: f64 = number(request, "learning_rate")?;
    let (state, update): (&'static [&'static str], Update) = match name {
        "sgd" => (&[], Box::new(move |p, dp, _, _| mine::sgd(p, dp, rate as Real))),
        "adagrad" => (&["h"], Box::new(move |p, dp, state, _| mine::adagrad(p, dp, &mut state[0], rate))),
        "rmsprop" => {
            let decay = number(request, "decay")?;
            (&["h"], Box::new(move |p, dp, state, _| mine::rmsprop(p, dp, &mut state[0], rate, decay)))
        }
        "adam" => {
            let (beta1, beta2) = (number(request, "beta1")?, number(request, "beta2")?);
            let update: Update = Box::new(move |p, dp, state, iteration| {
                let (m, v) = state.split_at_mut(1);
                mine::adam(p, dp, &mut m[0], &mut v[0], rate, beta1, beta2, iteration);
            });
            (&["m", "v"], update)
        }
        _ => {
            let function = if name == "momentum" { mine::momentum } else { mine::nesterov };
            let momentum = number(request, "momentum")?;
            (&["v"], Box::new(move |p, dp, state, _| function(p, dp, &mut state[0], rate, momentum)))
        }
    };
    Ok(Optimizer { state, update })
}
