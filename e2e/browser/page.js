// Functions that the tests run in a page. They run in a script world of their own:
// they can use the document, and scripts of the page cannot see them. They must not
// use timers and promises, which do not run when JavaScript is off.

const fail = (message) => { throw new Error(message); };

const shown = (e) => e.checkVisibility({ visibilityProperty: true });

const tag = (e) => e.cloneNode(false).outerHTML;

const one = (found, what) =>
	found.length === 1 ? found[0] : fail(`there are ${found.length} of ${what}, not one`);

const textOf = (e) => (e ? e.innerText.replace(/[^\S\n]+/g, " ").replace(/ ?\n ?/g, "\n").trim() : "");

// content is the main part of a page.
const content = () => document.querySelector("main") ?? document.body;

const select = (css) => one([...document.querySelectorAll(css)].filter(shown), css);

const named = (name) => [...document.getElementsByName(name)].filter((e) => e.type !== "hidden");

const field = (name) => one(named(name).filter(shown), `visible fields named ${name}`);

const upload = (name) => one(named(name).filter((e) => e.type === "file"), `file fields named ${name}`);

const choice = (name, value) =>
	one(named(name).filter((e) => ["radio", "checkbox"].includes(e.type) && e.value === value),
		`choices named ${name} with the value ${value}`);

// submitter is the button of the only form in the main part.
const submitter = () => {
	const forms = [...content().querySelectorAll("form")].filter(shown);
	const button = [...one(forms, "forms").elements].find((e) => e.type === "submit" && shown(e) && content().contains(e));
	return button ?? fail("the form has no button");
};

// target returns the point to click: of the element, or of its label if a choice is
// drawn by its label.
const target = (e) => {
	if (e.disabled) fail(`${tag(e)} is disabled`);
	const candidates = [e, ...(e.labels ?? [])];
	let covered = "out of sight";
	for (const c of candidates) {
		c.scrollIntoView({ block: "center", behavior: "instant" });
		const box = [...c.getClientRects()].find((r) => r.width > 0 && r.height > 0);
		if (!box || !shown(c)) continue;
		const x = box.x + box.width / 2, y = box.y + box.height / 2;
		const hit = document.elementFromPoint(x, y);
		if (hit && (c.contains(hit) || [...(e.labels ?? [])].some((l) => l.contains(hit)))) {
			const view = window.visualViewport;
			return { X: (x - view.offsetLeft) * view.scale, Y: (y - view.offsetTop) * view.scale, Leads: leads(e) };
		}
		covered = hit ? `covered by ${tag(hit)}` : "outside the window";
	}
	return fail(`${tag(e)} cannot be clicked: it is ${covered}`);
};

// leads reports whether a click should lead to another page.
const leads = (e) => {
	const link = e.closest("a[href]");
	if (link) {
		const fragment = link.hash !== "" && link.href.split("#")[0] === location.href.split("#")[0];
		return /^https?:$/.test(link.protocol) && link.target !== "_blank" && !link.hasAttribute("download") && !fragment;
	}
	const button = e.closest("button, input");
	if (!button || !button.form || !["submit", "image"].includes(button.type)) return false;
	const form = button.form;
	return form.getAttribute("target") !== "_blank" &&
		(form.noValidate || button.formNoValidate || form.matches(":valid"));
};

const choose = (name, value) => {
	const list = field(name);
	const option = [...list.options].find((o) => o.value === value && !o.disabled);
	if (!option) fail(`${tag(list)} has no option with the value ${value}`);
	option.selected = true;
	list.dispatchEvent(new Event("input", { bubbles: true }));
	list.dispatchEvent(new Event("change", { bubbles: true }));
};
