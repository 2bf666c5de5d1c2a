// The code of an invitation stands behind # in the address: it goes into the form, and out of the address.

import { element } from "./dom.js";
import { isInsideApp } from "./passkey.js";

const field = element("code");
const code = decodeURIComponent(location.hash.slice(1));
if (field instanceof HTMLInputElement && /^[0-9A-Za-z -]{8,24}$/.test(code)) {
    field.value = code;
    // an app hands the whole address over to the browser
    if (!isInsideApp()) {
        history.replaceState(null, "", location.pathname);
    }
}
