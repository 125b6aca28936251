//! `#[derive(Module)]`: one visitor over the fields of a struct or enum, from which the crate `nn` derives parameters,
//! state dict, training mode and all the rest.
//!
//! Use it through `nn` or `flambeau`, which export it as `Module`; the two macros differ only in the path under which
//! the generated code finds the trait.
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, GenericParam, Path, Result, parse_macro_input, spanned::Spanned,
};

/// Derives `Part` and `Module` for users of the crate `nn`.
///
/// Every field must be a part of a module (a parameter, buffer, mode or module, or an `Option`, `Vec`, tuple, array,
/// `Box` or map of them) or plain data (a number, `bool`, `String`). Data of another type is marked `#[module(plain)]`.
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input, quote!(::nn)).unwrap_or_else(Error::into_compile_error).into()
}

/// Derives `Part` and `Module` for users of the crate `flambeau`, which exports it as `Module`.
#[proc_macro_derive(FlambeauModule, attributes(module))]
pub fn derive_flambeau_module(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input, quote!(::flambeau::nn)).unwrap_or_else(Error::into_compile_error).into()
}

/// What `#[module(..)]` can say.
#[derive(Default)]
struct Options {
    /// `plain`: the field is data the module's functions pass over.
    plain: bool,
    /// `rename = "name"`: the field's name in the state dict.
    rename: Option<String>,
    /// `crate = path`: where the traits are, if the crate was renamed.
    root: Option<Path>,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Options> {
        let mut options = Options::default();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("module")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("plain") {
                    options.plain = true;
                } else if meta.path.is_ident("rename") {
                    options.rename = Some(meta.value()?.parse::<syn::LitStr>()?.value());
                } else if meta.path.is_ident("crate") {
                    options.root = Some(meta.value()?.call(Path::parse_mod_style)?);
                } else {
                    return Err(meta.error("expected `plain`, `rename = \"name\"` or `crate = path`"));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}

fn expand(input: &DeriveInput, root: TokenStream) -> Result<TokenStream> {
    let root = Options::of(&input.attrs)?.root.map_or(root, |path| path.into_token_stream());
    let parameters: Vec<&Ident> = input.generics.type_params().map(|p| &p.ident).collect();
    if let Some(lifetime) = input.generics.params.iter().find(|p| matches!(p, GenericParam::Lifetime(_))) {
        return Err(Error::new(lifetime.span(), "a module owns its parts: it cannot have a lifetime parameter"));
    }

    let mut bounds = Vec::new();
    let body = match &input.data {
        Data::Struct(data) => {
            let arm = Arm::of(&data.fields, &parameters, &root, &mut bounds)?;
            let (pattern, visits) = (arm.pattern, arm.visits);
            quote!(let Self #pattern = self; #visits)
        }
        Data::Enum(data) => {
            let mut arms = TokenStream::new();
            for variant in &data.variants {
                let name = &variant.ident;
                let arm = Arm::of(&variant.fields, &parameters, &root, &mut bounds)?;
                let (pattern, visits) = (arm.pattern, arm.visits);
                arms.extend(quote!(Self::#name #pattern => { #visits }));
            }
            // `match *self {}` is how an enum without variants is matched.
            if data.variants.is_empty() { quote!(match *self {}) } else { quote!(match self { #arms }) }
        }
        Data::Union(_) => return Err(Error::new(input.ident.span(), "a union cannot be a module: make it an enum")),
    };

    let name = &input.ident;
    let mut generics = input.generics.clone();
    let clause = generics.make_where_clause();
    for bound in bounds {
        clause.predicates.push(syn::parse_quote!(#bound: #root::Part));
    }
    for parameter in &parameters {
        clause.predicates.push(syn::parse_quote!(#parameter: 'static));
    }
    let (impl_generics, type_generics, clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #root::Part for #name #type_generics #clause {
            #[allow(unused_variables, clippy::all)]
            fn visit<'module>(&'module self, visitor: &mut #root::Visitor<'module, '_>) {
                visitor.module(self, |visitor| { #body });
            }
        }
        #[automatically_derived]
        impl #impl_generics #root::Module for #name #type_generics #clause {}
    })
}

/// The fields of a struct or variant: how to bind them, and how to visit what was bound.
struct Arm {
    pattern: TokenStream,
    visits: TokenStream,
}

impl Arm {
    fn of(fields: &Fields, parameters: &[&Ident], root: &TokenStream, bounds: &mut Vec<syn::Type>) -> Result<Arm> {
        let mut patterns = Vec::new();
        let mut visits = TokenStream::new();
        for (i, field) in fields.iter().enumerate() {
            let options = Options::of(&field.attrs)?;
            let name = &field.ident;
            let binding = format_ident!("part_{i}", span = Span::call_site());
            if options.plain {
                patterns.push(name.as_ref().map_or_else(|| quote!(_), |name| quote!(#name: _)));
                continue;
            }
            patterns.push(name.as_ref().map_or_else(|| quote!(#binding), |name| quote!(#name: #binding)));
            if mentions(field.ty.to_token_stream(), parameters) {
                bounds.push(field.ty.clone());
            }
            let label = options.rename.unwrap_or_else(|| label(field, i));
            let ty = &field.ty;
            // The field's type carries the span, so that a type that is no part is underlined where it is written.
            let part = quote_spanned!(ty.span()=> <#ty as #root::Part>::visit);
            visits.extend(quote!(visitor.field(#label, |visitor| #part(#binding, visitor));));
        }
        let pattern = match fields {
            Fields::Named(_) => quote!({ #(#patterns),* }),
            Fields::Unnamed(_) => quote!(( #(#patterns),* )),
            Fields::Unit => TokenStream::new(),
        };
        Ok(Arm { pattern, visits })
    }
}

/// The name of a field in the state dict: `r#type` is `type`, the fields of a tuple struct are `0`, `1`...
fn label(field: &Field, i: usize) -> String {
    match &field.ident {
        Some(name) => name.to_string().trim_start_matches("r#").to_string(),
        None => i.to_string(),
    }
}

/// Whether a type is written with one of the type parameters, so that the field's bound has to be stated.
fn mentions(tokens: TokenStream, parameters: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => parameters.iter().any(|p| **p == ident),
        TokenTree::Group(group) => mentions(group.stream(), parameters),
        _ => false,
    })
}
