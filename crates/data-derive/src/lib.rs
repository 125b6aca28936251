//! `#[derive(Collate)]`: batches of a struct of one's own, field by field.
//!
//! Use it through `data` or `flambeau`, which export it as `Collate`; the two macros differ only in the path under which
//! the generated code finds the trait.
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Data, DeriveInput, Error, Fields, Path, Result, parse_macro_input, spanned::Spanned};

/// Derives `Collate` for users of the crate `data`.
///
/// From `struct Sample { image: Tensor, label: i64 }` it makes `struct SampleBatch { image: Tensor, label: Tensor }`, the
/// batch of such samples, which a loader can move to a device. `#[collate(batch = Name)]` names it otherwise.
#[proc_macro_derive(Collate, attributes(collate))]
pub fn derive_collate(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input, quote!(::data)).unwrap_or_else(Error::into_compile_error).into()
}

/// Derives `Collate` for users of the crate `flambeau`, which exports it as `data::Collate`.
#[proc_macro_derive(FlambeauCollate, attributes(collate))]
pub fn derive_flambeau_collate(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input, quote!(::flambeau::data)).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput, mut root: TokenStream) -> Result<TokenStream> {
    let name = &input.ident;
    let mut batch = format_ident!("{name}Batch");
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("collate")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("batch") {
                batch = meta.value()?.parse::<Ident>()?;
            } else if meta.path.is_ident("crate") {
                root = meta.value()?.call(Path::parse_mod_style)?.into_token_stream();
            } else {
                return Err(meta.error("expected `batch = Name` or `crate = path`"));
            }
            Ok(())
        })?;
    }
    if !input.generics.params.is_empty() {
        return Err(Error::new(input.generics.span(), "a sample has no type parameters: name the types of its fields"));
    }
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(name.span(), "a sample is a struct: every sample of a batch has the same fields"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(name.span(), "name the fields, or use a tuple, which needs no derive"));
    };

    let (mut declared, mut lists, mut pushes, mut made, mut moved) = Default::default();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let (ty, visible) = (&field.ty, &field.vis);
        let label = format!(".{}", ident.to_string().trim_start_matches("r#"));
        let doc = format!("`{}` of all samples.", label.trim_start_matches('.'));
        // The field's type carries the span, so that a type without batches is underlined where it is written.
        let collated = quote_spanned!(ty.span()=> <#ty as #root::Collate>::Batch);
        extend(&mut declared, quote!(#[doc = #doc] #visible #ident: #collated,));
        extend(&mut lists, quote!(let mut #ident = ::std::vec::Vec::with_capacity(samples.len());));
        extend(&mut pushes, quote!(#ident.push(sample.#ident);));
        extend(&mut made, quote!(#ident: <#ty as #root::Collate>::collate(#ident, &place.field(#label))?,));
        extend(&mut moved, quote!(#ident: #root::ToDevice::to_device(self.#ident, device)?,));
    }
    let visible = &input.vis;
    let doc = format!("A batch of [`{name}`]s.");
    Ok(quote! {
        #[doc = #doc]
        #[derive(Debug, Clone)]
        #visible struct #batch { #declared }

        #[automatically_derived]
        impl #root::Collate for #name {
            type Batch = #batch;
            fn collate(samples: ::std::vec::Vec<Self>, place: &#root::Place) -> #root::Result<#batch> {
                #lists
                for sample in samples { #pushes }
                ::std::result::Result::Ok(#batch { #made })
            }
        }

        #[automatically_derived]
        impl #root::ToDevice for #batch {
            fn to_device(self, device: &#root::Device) -> #root::Result<Self> {
                ::std::result::Result::Ok(#batch { #moved })
            }
        }
    })
}

fn extend(all: &mut TokenStream, more: TokenStream) {
    all.extend(more);
}
