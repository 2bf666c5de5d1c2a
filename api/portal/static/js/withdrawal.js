// Takes the slip from behind the "#" of the address into the form, and out of the address.

const field = document.getElementById("slip");
const slip = window.location.hash.slice(1);
if (field instanceof HTMLTextAreaElement && slip !== "") {
    field.value = slip;
    window.history.replaceState(null, "", window.location.pathname);
}
