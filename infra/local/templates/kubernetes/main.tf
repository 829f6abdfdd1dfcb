terraform {
  required_providers {
    coder      = { source = "coder/coder" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}
variable "namespace" { type = string }
variable "pull_secret" {
  type    = string
  default = "" # none: the nodes pull with their own identity
}
variable "image" {
  type        = string
  description = "Image of workspaces where `images` is empty. The bridge sets it."
  default     = "docker.io/codercom/example-base:ubuntu"
}
variable "images" {
  type        = string
  description = "JSON list of images to choose from. The bridge sets it."
  default     = "[]"
}
locals {
  images   = jsondecode(var.images)
  image_of = { for entry in local.images : entry.id => entry.image }
  image    = length(local.images) == 0 ? var.image : local.image_of[data.coder_parameter.image[0].value]
}
data "coder_parameter" "image" {
  count        = length(local.images) == 0 ? 0 : 1
  name         = "image"
  display_name = "Image"
  mutable      = true
  default      = local.images[0].id
  dynamic "option" {
    for_each = local.images
    content {
      name        = option.value.name
      value       = option.value.id
      description = option.value.description
    }
  }
}
data "coder_provisioner" "me" {}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  # The provisioner's architecture. Name the one of your images here where the nodes differ from it.
  arch = data.coder_provisioner.me.arch
  os   = "linux"
}
resource "kubernetes_deployment_v1" "main" {
  count            = data.coder_workspace.me.start_count
  wait_for_rollout = false
  metadata {
    name      = "coder-${data.coder_workspace.me.id}"
    namespace = var.namespace
  }
  spec {
    replicas = 1
    selector { match_labels = { "coder/workspace" = data.coder_workspace.me.id } }
    strategy { type = "Recreate" }
    template {
      metadata { labels = { "coder/workspace" = data.coder_workspace.me.id } }
      spec {
        dynamic "image_pull_secrets" {
          for_each = var.pull_secret == "" ? [] : [var.pull_secret]
          content { name = image_pull_secrets.value }
        }
        container {
          name              = "dev"
          image             = local.image
          image_pull_policy = "IfNotPresent"
          command           = ["sh", "-c", coder_agent.main.init_script]
          env {
            name  = "CODER_AGENT_TOKEN"
            value = coder_agent.main.token
          }
        }
      }
    }
  }
}
