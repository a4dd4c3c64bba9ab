//! `podrun fetch`: images come into the store, from wherever they are.

use std::process::ExitCode;

use anyhow::bail;
use appc_spec::Strength;

use super::cli::{FetchArgs, Global};
use super::image::Listed;
use super::images::Supply;
use super::wanted::{ImageAt, Wanted};
use crate::output::{Format, print};

pub(super) fn run(global: &Global, args: &FetchArgs) -> anyhow::Result<ExitCode> {
    let engine = global.engine()?;
    let supply = global.supply(&engine)?;
    let mut fetched = Vec::new();
    for argument in &args.images {
        let Wanted::Image(image) = Wanted::of(argument)? else {
            bail!("`{}` is no image", argument.display());
        };
        fetched.push(fetch(&supply, &image, args)?);
    }
    if global.output() == Format::Table {
        print(&fetched.iter().map(|image| format!("{}\n", image.id())).collect::<String>())?;
    } else {
        global.output().print(&fetched)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn fetch(supply: &Supply, image: &ImageAt, args: &FetchArgs) -> anyhow::Result<Listed> {
    let strength = if args.compat { Strength::Compat } else { Strength::Strict };
    let image = match image {
        ImageAt::Path(path, within) => supply.take_in(path, within.as_deref(), strength)?.0,
        other => supply.wanted(other, args.pull_policy.policy())?.0,
    };
    Ok(Listed::of(&image))
}
