//! Prints the CRDs as a JSON list, for comparison with other implementations.

fn main() {
    let list: Vec<_> = skein_api::crds()
        .into_iter()
        .map(skein_object::Object::into_value)
        .collect();
    println!("{}", serde_json::Value::Array(list));
}
