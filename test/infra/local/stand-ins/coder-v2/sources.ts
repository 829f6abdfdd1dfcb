/** Terraform of a template as people have it: an image, a catalog of images, and a licence key. */
export function template({
  extra = '',
  image = 'docker.io/codercom/example-base:ubuntu',
} = {}): Record<string, string> {
  return { 'main.tf': `${variables(image)}\n${extra}\n${CATALOG}\n${WORKSPACE}` };
}

const variables = (image: string) => `
variable "image" {
  type    = string
  default = "${image}"
}
variable "images" {
  type    = string
  default = "[]"
}
variable "license" {
  type      = string
  default   = "from-the-file"
  sensitive = true
}`;

const CATALOG = `
locals {
  images   = jsondecode(var.images)
  image_of = { for entry in local.images : entry.id => entry.image }
  image    = length(local.images) == 0 ? var.image : local.image_of[data.coder_parameter.image[0].value]
}
data "coder_parameter" "image" {
  count   = length(local.images) == 0 ? 0 : 1
  name    = "image"
  mutable = true
  default = local.images[0].id
  dynamic "option" {
    for_each = local.images
    content {
      name  = option.value.name
      value = option.value.id
    }
  }
}`;

const WORKSPACE = `
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  arch               = "amd64"
  os                 = "linux"
  connection_timeout = 60
}
resource "kubernetes_pod_v1" "main" {
  count = data.coder_workspace.me.start_count
  spec {
    container {
      image = local.image
      env {
        name  = "CODER_AGENT_TOKEN"
        value = coder_agent.main.token
      }
    }
  }
}`;

/** The value of the variable `images` for these tags. */
export function catalog(...tags: string[]): string {
  return JSON.stringify(
    tags.map(tag => ({
      id: `team/base:${tag}`,
      name: `base ${tag}`,
      image: `c.azurecr.io/team/base@sha256:${tag}`,
    })),
  );
}
