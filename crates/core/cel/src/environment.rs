//! The one environment: standard CEL, cel-go's extensions and Kubernetes' libraries.

use std::sync::{Arc, LazyLock};

use cel::{DeclarationError, Env, extensions};

use crate::{
    addresses, formats, lists, maps, quantities, regexes, sets, two_variables, urls, versions,
};

/// The environment that all programs share.
pub(crate) fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> =
        LazyLock::new(|| Arc::new(build().expect("every function is declared once")));
    &ENVIRONMENT
}

fn build() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    env.add_extension(extensions::encoders)?;
    lists::declare(&mut env)?;
    regexes::declare(&mut env)?;
    sets::declare(&mut env)?;
    urls::declare(&mut env)?;
    addresses::declare(&mut env)?;
    quantities::declare(&mut env)?;
    versions::declare(&mut env)?;
    formats::declare(&mut env)?;
    maps::declare(&mut env)?;
    two_variables::declare(&mut env)?;
    Ok(env)
}
